// The browser counts UTF-16 units, our records count Unicode code points.

/** How many code points lie before a UTF-16 offset. */
export const toCodePoints = (text: string, utf16: number): number => {
  let n = 0;
  for (let i = 0; i < utf16; n++) i += text.codePointAt(i)! > 0xffff ? 2 : 1;
  return n;
};

/** The UTF-16 offset of a place counted in code points. */
export const toUtf16 = (text: string, codePoints: number): number => {
  let i = 0;
  for (let n = 0; n < codePoints && i < text.length; n++) i += text.codePointAt(i)! > 0xffff ? 2 : 1;
  return i;
};

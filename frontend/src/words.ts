// Texts are English in the source; the page hands over the translations it has as <script type="application/json" id="words">.

type Values = Record<string, string | number>;

let table: Record<string, string> | null = null;

const translations = (): Record<string, string> => {
  if (table === null) {
    const source = document.getElementById("words")?.textContent;
    table = source ? (JSON.parse(source) as Record<string, string>) : {};
  }
  return table;
};

const filled = (text: string, values: Values): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));

/** The text in the page's language, with {names} filled in. */
export const t = (text: string, values: Values = {}): string => filled(translations()[text] ?? text, values);

/** One or many, by n. */
export const tn = (n: number, one: string, many: string): string => t(n === 1 ? one : many, { n: number(n) });

/** Marks a text for translation where it is only kept; `t` it when it is shown. */
export const mark = (text: string): string => text;

const language = (): string => document.documentElement.lang || "en";

export const number = (n: number): string => new Intl.NumberFormat(language()).format(n);

/** Minor units as an amount: the currency knows how many decimals it has. */
export const money = (minor: number, currency: string): string => {
  const format = new Intl.NumberFormat(language(), { style: "currency", currency });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
};

/** 872 → "14:32"; hours only where there are some. */
export const duration = (seconds: number): string => {
  const s = Math.max(0, Math.floor(seconds));
  const parts = s < 3600 ? [Math.floor(s / 60), s % 60] : [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  return parts.map((p, i) => (i ? String(p).padStart(2, "0") : String(p))).join(":");
};

/** A moment as the reader's own weekday and time. */
export const moment = (iso: string): string =>
  new Intl.DateTimeFormat(language(), { weekday: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(iso));

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu;

/** Words as a reader counts them. */
export const wordCount = (text: string): number => text.match(WORD)?.length ?? 0;

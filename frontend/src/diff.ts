// Which words of one text are not in the other, in order (Myers 1986, greedy); long texts fall back to a set.

export interface Piece {
  text: string;
  only: boolean;
}

const TOKENS = /\s+|[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]/gu;
const MOST_EDITS = 800;

/** The pieces of `a`, in order; `only` where `b` does not have them. */
export const difference = (a: string, b: string): Piece[] => {
  const ours = a.match(TOKENS) ?? [];
  const theirs = b.match(TOKENS) ?? [];
  const kept = common(ours, theirs) ?? setOf(ours, theirs);
  return joined(ours.map((text, i) => ({ text, only: !kept.has(i) })));
};

const joined = (pieces: Piece[]): Piece[] =>
  pieces.reduce<Piece[]>((all, piece, i) => {
    const last = all[all.length - 1];
    // white space between two marked words is marked with them
    const only = piece.only || (/^\s+$/.test(piece.text) && !!last?.only && !!pieces[i + 1]?.only);
    if (last && last.only === only) last.text += piece.text;
    else all.push({ text: piece.text, only });
    return all;
  }, []);

const setOf = (ours: string[], theirs: string[]): Set<number> => {
  const known = new Set(theirs);
  return new Set(ours.flatMap((word, i) => (known.has(word) ? [i] : [])));
};

/** Indices of `a` on a longest common subsequence with `b`; null where they differ too much to be worth it. */
const common = (a: string[], b: string[]): Set<number> | null => {
  const trace: Map<number, number>[] = [];
  const furthest = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= MOST_EDITS; d++) {
    trace.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      const before = step(furthest, k, d);
      let x = (furthest.get(before) ?? 0) + (before < k ? 1 : 0);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length);
    }
  }
  return null;
};

const walkBack = (trace: Map<number, number>[], n: number, m: number): Set<number> => {
  const kept = new Set<number>();
  let [x, y] = [n, m];
  for (let d = trace.length - 1; d >= 0; d--) {
    const before = step(trace[d]!, x - y, d);
    const fromX = trace[d]!.get(before) ?? 0;
    for (; x > fromX && y > fromX - before; x--, y--) kept.add(x - 1);
    [x, y] = [fromX, fromX - before];
  }
  return kept;
};

/** The diagonal a path of `d` edits reaches `k` from: down where that gets further, else right. */
const step = (furthest: Map<number, number>, k: number, d: number): number =>
  k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1)) ? k + 1 : k - 1;

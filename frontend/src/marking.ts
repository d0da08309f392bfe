// <t-marking>: a text whose passages can be chosen, by pointer as any text, by keys word for word.
// It shows marks and one passage chosen so far; what a passage means is for its kind to say. Offsets are UTF-16.
import { html, LitElement } from "lit";
import type { Shortcut } from "@tutelage/shortcuts";
import { t } from "@tutelage/words";

export interface Passage {
  start: number;
  end: number;
}

export interface Mark extends Passage {
  /** Which of the tones it has. */
  tone: number;
  label: string;
  active: boolean;
}

/** The keys that choose a passage of the text that `find` finds; a kind puts them among its own. */
export const passageKeys = (find: () => Marking | null, group: () => string): Shortcut[] => {
  const way = () => (getComputedStyle(find()!.querySelector(".marking")!).direction === "rtl" ? -1 : 1);
  const key = (id: string, chord: string, label: () => string, act: (marking: Marking) => void): Shortcut => ({ id, keys: [chord], label, group, run: () => act(find()!), when: () => find() !== null });
  return [
    key("right", "ArrowRight", () => t("Next word"), (m) => m.step(way())),
    key("left", "ArrowLeft", () => t("Word before"), (m) => m.step(-way())),
    key("longer", "Shift+ArrowRight", () => t("One word more or less, to the right"), (m) => m.stretch(way())),
    key("shorter", "Shift+ArrowLeft", () => t("One word more or less, to the left"), (m) => m.stretch(-way())),
    key("later", ".", () => t("End one character later"), (m) => m.nudge(1)),
    key("earlier", ",", () => t("End one character earlier"), (m) => m.nudge(-1)),
  ];
};

const TOUCH_SETTLES_MS = 500;

export class Marking extends LitElement {
  static override properties = { text: {}, marks: { attribute: false }, name: {}, chosen: { attribute: false } };
  declare text: string;
  declare marks: Mark[];
  declare name: string;
  declare chosen: Passage | null;
  private words: Passage[] = [];
  private timer = 0;

  constructor() {
    super();
    Object.assign(this, { text: "", marks: [], name: "", chosen: null });
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("selectionchange", this.touched);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("selectionchange", this.touched);
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("text")) return;
    const cut = new Intl.Segmenter(undefined, { granularity: "word" });
    this.words = [...cut.segment(this.text)].filter((s) => s.isWordLike || /\S/.test(s.segment)).map((s) => ({ start: s.index, end: s.index + s.segment.length }));
  }

  choose(passage: Passage | null): void {
    this.chosen = passage;
    const words = passage ? this.text.slice(passage.start, passage.end) : "";
    this.dispatchEvent(new CustomEvent("chosen", { detail: { passage, words }, bubbles: true }));
  }

  private at(passage: Passage): [number, number] {
    const first = this.words.findIndex((w) => w.end > passage.start);
    const last = this.words.findLastIndex((w) => w.start < passage.end);
    return [first, last];
  }

  /** The next word, or the one before, in reading order. */
  step(by: number): void {
    const [first, last] = this.chosen ? this.at(this.chosen) : [this.words.length, -1];
    const next = by > 0 ? last + 1 : first - 1;
    const word = this.words[Math.max(0, Math.min(next, this.words.length - 1))];
    if (word) this.reach(word);
  }

  stretch(by: number): void {
    if (!this.chosen) return this.step(by);
    const [first, last] = this.at(this.chosen);
    const end = this.words[Math.max(first, Math.min(last + by, this.words.length - 1))]!;
    this.reach({ start: this.words[first]!.start, end: end.end });
  }

  nudge(by: number): void {
    if (!this.chosen) return;
    const { start, end } = this.chosen;
    const to = end + by * (/[\ud800-\udfff]/.test(this.text.charAt(by > 0 ? end : end - 1)) ? 2 : 1);
    if (to > start && to <= this.text.length) this.reach({ start, end: to });
  }

  private reach(passage: Passage): void {
    this.choose(passage);
    void this.updateComplete.then(() => this.querySelector(".chosen")?.scrollIntoView({ block: "nearest" }));
  }

  /** What the reader selected with the pointer, without white space around it. */
  private selected(): Passage | null {
    const selection = getSelection();
    const body = this.querySelector(".marking");
    if (!selection || selection.isCollapsed || !body || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    if (!body.contains(range.startContainer) || !body.contains(range.endContainer)) return null;
    const before = document.createRange();
    before.selectNodeContents(body);
    before.setEnd(range.startContainer, range.startOffset);
    const raw = range.toString();
    const start = before.toString().length + (raw.length - raw.trimStart().length);
    return raw.trim() ? { start, end: start + raw.trim().length } : null;
  }

  private released = (event: PointerEvent): void => {
    if (event.pointerType === "touch") return;
    const passage = this.selected();
    if (!passage) return;
    this.choose(passage);
    getSelection()?.removeAllRanges();
  };

  private touched = (): void => {
    clearTimeout(this.timer);
    if (!matchMedia("(pointer: coarse)").matches) return;
    this.timer = window.setTimeout(() => {
      const passage = this.selected();
      if (passage) this.choose(passage);
    }, TOUCH_SETTLES_MS);
  };

  private picked(passage: Passage): void {
    const found = this.marks.findIndex((m) => m.start <= passage.start && m.end >= passage.end);
    if (found >= 0 && (getSelection()?.isCollapsed ?? true)) this.dispatchEvent(new CustomEvent("picked", { detail: found, bubbles: true }));
  }

  protected override render() {
    return html`<div class="marking prose plain" dir="auto" role="group" aria-label=${this.name} @pointerup=${this.released}>${this.pieces().map((p) => this.piece(p))}</div>`;
  }

  private pieces(): Passage[] {
    const edges = [...this.marks, ...(this.chosen ? [this.chosen] : [])].flatMap((m) => [m.start, m.end]);
    const cuts = [...new Set([0, ...edges, this.text.length])].sort((a, b) => a - b);
    return cuts.slice(1).map((end, i) => ({ start: cuts[i]!, end }));
  }

  private piece(piece: Passage) {
    const over = this.marks.filter((m) => m.start <= piece.start && m.end >= piece.end);
    const ending = over.filter((m) => m.end === piece.end).map((m) => m.label).join(" ");
    const chosen = this.chosen && this.chosen.start <= piece.start && this.chosen.end >= piece.end;
    const classes = [over.length ? "over" : "", ...over.map((m) => `tone${m.tone % 6}`), over.length > 1 ? "twice" : "", over.some((m) => m.active) ? "active" : "", chosen ? "chosen" : ""];
    return html`<span class=${classes.filter(Boolean).join(" ")} data-label=${ending} @click=${() => this.picked(piece)}>${this.text.slice(piece.start, piece.end)}</span>`;
  }
}

customElements.define("t-marking", Marking);

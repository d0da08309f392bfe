// The one registry of keys. Shown by `?`, remappable, can be switched off; never a plain key while a text field has focus.
import { store } from "@tutelage/keep";

export interface Shortcut {
  id: string;
  keys: string[];
  label: () => string;
  group: () => string;
  run: (event: KeyboardEvent) => void;
  /** Whether it means anything now. */
  when?: () => boolean;
  /** Works inside text fields too: only for chords and Escape. */
  always?: boolean;
  /** Digits that choose, and the like, are not offered for remapping. */
  fixed?: boolean;
}

const MAPPED = "tutelage.keys";
const OFF = "tutelage.keys.off";

/** Set while the account does not have what this device has. */
const UNSAVED = "tutelage.keys.unsaved";

export interface Kept {
  mapped: Record<string, string>;
  off: boolean;
}

const onDevice = (): Kept => ({
  mapped: store(() => JSON.parse(localStorage.getItem(MAPPED) ?? "{}") as Record<string, string>) ?? {},
  off: store(() => localStorage.getItem(OFF)) === "1",
});

/** What the account says, which the page brings; null where it says nothing or the page knows no account. */
const ofAccount = (): Kept | null => JSON.parse(document.getElementById("keys")?.textContent ?? "null") || null;

/** From the account; from this device where that has nothing, or has not been told yet. */
const read = (): Kept => (store(() => localStorage.getItem(UNSAVED)) ? null : ofAccount()) ?? onDevice();

/** On a keyboard of another script a letter is found by its place, so that every layout has every key. */
const latin = (e: KeyboardEvent): string =>
  e.key.charCodeAt(0) < 128 ? e.key : (e.code.match(/^(?:Key|Digit)(\w)$/)?.[1] ?? e.key);

/** "Ctrl+Enter", "Alt+ArrowUp", "?", "a": the key as it is written in the registry. Command counts as Ctrl. */
export const chordOf = (e: KeyboardEvent): string => {
  const name = e.key.length === 1 ? latin(e).toLowerCase() : e.key;
  const shift = e.shiftKey && e.key.length > 1 ? "Shift+" : "";
  return `${e.ctrlKey || e.metaKey ? "Ctrl+" : ""}${e.altKey ? "Alt+" : ""}${shift}${name}`;
};

const NAMES: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Enter: "↵", Escape: "Esc", " ": "Space" };

/** A chord as it is printed on a key. */
export const printed = (chord: string): string =>
  chord.split(/\+(?=.)/).map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");

const isText = (target: EventTarget | null): boolean => {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "reset", "range"].includes(target.type);
};

/** A control that has its own use for these keys. */
const takes = (target: EventTarget | null, chord: string): boolean =>
  (chord === "Enter" || chord === " ") && target instanceof Element && target.closest("button, a[href], summary, input, select") !== null;

export class Shortcuts {
  private readonly table = new Map<string, Shortcut>();
  private kept = read();
  /** What is worked on: its keys are its own. */
  kind = "";

  constructor(private readonly changed: () => void = () => {}, private readonly tell: (kept: Kept) => Promise<unknown> = () => Promise.resolve()) {
    if (store(() => localStorage.getItem(UNSAVED))) this.save();
  }

  get on(): boolean {
    return !this.kept.off;
  }

  /** The frame's keys hold everywhere, a task's for its kind. */
  private named(id: string): string {
    return !id.startsWith("frame.") && this.kind ? `${this.kind}/${id}` : id;
  }

  start(): void {
    addEventListener("keydown", this.pressed);
  }

  stop(): void {
    removeEventListener("keydown", this.pressed);
  }

  /** Puts a group of shortcuts in place of those with the same prefix. */
  replace(prefix: string, shortcuts: Shortcut[]): void {
    for (const id of [...this.table.keys()]) if (id.startsWith(`${prefix}.`)) this.table.delete(id);
    for (const s of shortcuts) this.table.set(`${prefix}.${s.id}`, { ...s, id: `${prefix}.${s.id}` });
    this.changed();
  }

  list(): Shortcut[] {
    return [...this.table.values()];
  }

  keysOf(id: string): string[] {
    const own = this.kept.mapped[this.named(id)];
    return own ? [own] : (this.table.get(id)?.keys ?? []);
  }

  /** The key to print beside a control; nothing where keys are switched off. */
  hint(id: string): string {
    const [first] = this.keysOf(id);
    return first && (this.on || this.table.get(id)?.always) ? printed(first) : "";
  }

  /** Gives a shortcut another key; the id of the one that already has it, if any. */
  remap(id: string, chord: string): string | null {
    const taken = this.list().find((s) => s.id !== id && this.keysOf(s.id).includes(chord));
    if (taken) return taken.id;
    this.kept = { ...this.kept, mapped: { ...this.kept.mapped, [this.named(id)]: chord } };
    this.save();
    return null;
  }

  reset(): void {
    this.kept = { ...this.kept, mapped: {} };
    this.save();
  }

  switch(on: boolean): void {
    this.kept = { ...this.kept, off: !on };
    this.save();
  }

  private save(): void {
    const { kept } = this;
    store(() => localStorage.setItem(MAPPED, JSON.stringify(kept.mapped)));
    store(() => localStorage.setItem(OFF, kept.off ? "1" : "0"));
    store(() => localStorage.setItem(UNSAVED, "1"));
    this.changed();
    // where the account cannot be told now, the next page does it
    this.tell(kept).then(() => (kept === this.kept ? store(() => localStorage.removeItem(UNSAVED)) : undefined), () => undefined);
  }

  private pressed = (event: KeyboardEvent): void => {
    // while a dialog asks for something, only its own keys work
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const chord = chordOf(event);
    const found = this.list().find((s) => this.keysOf(s.id).includes(chord) && (s.when?.() ?? true));
    if (!found || (!found.always && (!this.on || isText(event.target) || takes(event.target, chord)))) return;
    event.preventDefault();
    found.run(event);
  };
}

// A conversation: judged turn by turn and as a whole, digits going on by themselves; or written from both sides.
import { html, nothing, type PropertyValues } from "lit";
import { type Action, KindElement } from "@tutelage/kind";
import { kbd, prose, roleName } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import type { Json, Message } from "@tutelage/types";
import { number, t, tn, wordCount } from "@tutelage/words";

interface Payload {
  task: "write" | "judge";
  replies?: number;
  turns?: number[];
  scale?: number;
}

class Dialogue extends KindElement {
  static override properties = { ...KindElement.properties, current: { state: true }, ratings: { state: true }, overall: { state: true }, texts: { state: true } };
  /** Which turn is rated next; the number of turns is the whole. */
  declare current: number;
  /** undefined: not yet said; null: cannot be rated on its own. */
  declare ratings: (number | null | undefined)[];
  declare overall: number | null;
  declare texts: string[];

  private get asked(): Required<Payload> {
    return { replies: 2, turns: [], scale: 5, ...(this.task.item.payload as unknown as Payload) };
  }

  private get writing(): boolean {
    return this.asked.task === "write";
  }

  override get asksReason(): boolean {
    return !this.writing;
  }

  override begin(): void {
    const judged = this.type === "turns" ? this.answer! : null;
    const written = this.type === "dialogue" ? (this.answer!.messages as Json[]).map((m) => m.text as string) : [];
    this.ratings = this.asked.turns.map((_, i) => (judged?.turns as (number | null | undefined)[] | undefined)?.[i]);
    this.overall = (judged?.overall as number | null | undefined) ?? null;
    this.current = 0;
    this.texts = Array.from({ length: Math.max(2 * this.asked.replies, written.length + (written.length % 2)) }, (_, i) => written[i] ?? "");
    if (this.answer) this.give(this.answer, !["turns", "dialogue"].includes(this.type) || this.whole);
  }

  private get whole(): boolean {
    return this.writing ? this.said.length >= 2 * this.asked.replies && this.said.every((text) => text.trim() !== "") : this.overall !== null && !this.ratings.includes(undefined);
  }

  /** What was written, without empty turns at the end; the assistant has the last word. */
  private get said(): string[] {
    const last = this.texts.findLastIndex((text) => text.trim() !== "");
    return this.texts.slice(0, 2 * Math.ceil((last + 1) / 2));
  }

  private rate(i: number, value: number | null): void {
    if (i === this.asked.turns.length) {
      if (value === null) return;
      this.overall = value;
    } else this.ratings = this.ratings.map((r, k) => (k === i ? value : r));
    this.current = Math.min(i + 1, this.asked.turns.length);
    const what = i === this.asked.turns.length ? t("Overall") : t("Turn {n}", { n: i + 1 });
    this.give({ type: "turns", turns: this.ratings, overall: this.overall }, this.whole, `${what}: ${value ?? t("not on its own")}`);
  }

  private write(i: number, text: string): void {
    this.texts = this.texts.map((old, k) => (k === i ? text : old));
    const messages = this.said.map((said, k) => ({ role: k % 2 ? "assistant" : "user", text: said }));
    this.give(messages.length ? { type: "dialogue", messages } : null, this.whole);
  }

  private more = (): void => {
    this.texts = [...this.texts, "", ""];
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#turn-${this.texts.length - 2}`)?.focus());
  };

  override keys(): Shortcut[] {
    const group = () => t("Dialogue");
    if (this.writing)
      return [
        { id: "more", keys: ["Alt+Enter"], label: () => t("Two more turns"), group, run: this.more, always: true },
        { id: "write", keys: ["e"], label: () => t("Write"), group, run: () => this.querySelector("textarea")?.focus() },
      ];
    const move = (by: number) => () => (this.current = Math.max(0, Math.min(this.current + by, this.asked.turns.length)));
    return [
      ...Array.from({ length: Math.min(9, this.asked.scale) }, (_, i): Shortcut => ({ id: `${i + 1}`, keys: [`${i + 1}`], label: () => t("Rating {n}", { n: i + 1 }), group, run: () => this.rate(this.current, i + 1), fixed: true })),
      { id: "none", keys: ["n"], label: () => t("Cannot be rated on its own"), group, run: () => this.rate(this.current, null) },
      { id: "next", keys: ["j", "ArrowDown"], label: () => t("Next turn"), group, run: move(1) },
      { id: "before", keys: ["k", "ArrowUp"], label: () => t("Turn before"), group, run: move(-1) },
    ];
  }

  override actions(): Action[] {
    return [this.cannotRate(), this.harmful()];
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("current") && changed.get("current") !== undefined) this.querySelector(".current")?.scrollIntoView({ block: "nearest" });
  }

  protected override render() {
    return this.writing ? this.composer() : this.conversation();
  }

  private composer() {
    return html`<ol class="talk">${this.texts.map((text, i) => html`<li class="card ${i % 2 ? "assistant" : "user"}">
      <label class="small muted" for="turn-${i}">${i % 2 ? t("The model answers") : t("The person says")}</label><span class="small muted num">${tn(wordCount(text), "{n} word", "{n} words")}</span>
      <textarea id="turn-${i}" rows="3" dir="auto" lang=${this.task.item.language ?? nothing} ?data-first=${i === 0} .value=${text} @input=${(e: Event) => this.write(i, (e.target as HTMLTextAreaElement).value)}></textarea></li>`)}</ol>
      <div><button class="btn small" @click=${this.more}>${t("Two more turns")} ${kbd(this.hint("more"))}</button></div>`;
  }

  private conversation() {
    const [only] = this.task.responses;
    const messages: Message[] = only!.messages?.length ? only!.messages : [{ role: "assistant", html: only!.html, text: only!.text }];
    return html`<ol class="talk">${messages.map((m, i) => this.turn(m, this.asked.turns.indexOf(i)))}</ol>
      <div class="card whole ${this.current === this.asked.turns.length ? "current" : ""}"><strong>${t("The conversation as a whole")}</strong>${this.scale(this.asked.turns.length, t("Overall"), this.overall ?? undefined)}</div>`;
  }

  private turn(m: Message, i: number) {
    return html`<li class="card ${m.role} ${i === this.current ? "current" : ""}"><p class="small muted">${roleName(m.role)}</p><div class="turn-text">${prose(m.html)}</div>${i >= 0 ? this.scale(i, t("Turn {n}", { n: number(i + 1) }), this.ratings[i]) : nothing}</li>`;
  }

  private scale(i: number, name: string, given: number | null | undefined) {
    const here = i === this.current;
    const whole = i === this.asked.turns.length;
    return html`<div class="scale" role="group" aria-label=${name} @focusin=${() => (this.current = i)}>
      <span class="small muted" aria-hidden="true">${t("worst")}</span>
      ${Array.from({ length: this.asked.scale }, (_, k) => html`<button class="btn small num ${given === k + 1 ? "on" : ""}" aria-pressed=${given === k + 1} @click=${() => this.rate(i, k + 1)}>${number(k + 1)}</button>`)}
      <span class="small muted" aria-hidden="true">${t("best")}</span>
      ${whole ? nothing : html`<button class="btn small ${given === null ? "on" : ""}" aria-pressed=${given === null} @click=${() => this.rate(i, null)}>${t("Not on its own")} ${kbd(this.hint("none"), here)}</button>`}</div>`;
  }
}

customElements.define("t-kind-dialogue", Dialogue);

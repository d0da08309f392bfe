// Passages of a text and their labels. Every mark has a row of its own in a list: the text and the list are equal views.
import { html, nothing } from "lit";
import { type Action, KindElement } from "@tutelage/kind";
import { toCodePoints, toUtf16 } from "@tutelage/codepoints";
import { type Mark, type Marking, type Passage, passageKeys } from "@tutelage/marking";
import { kbd, responseCard } from "@tutelage/parts";
import { sha256 } from "@tutelage/sha256";
import type { Shortcut } from "@tutelage/shortcuts";
import { t } from "@tutelage/words";

/** In UTF-16 units, as the browser counts. */
interface Span extends Passage {
  label: string;
}

class Spans extends KindElement {
  static override properties = { ...KindElement.properties, spans: { state: true }, chosen: { state: true }, active: { state: true }, problem: { state: true } };
  declare spans: Span[];
  declare chosen: Passage | null;
  declare active: number;
  declare problem: string;
  private text = "";

  private get labels(): string[] {
    return this.task.item.payload.labels as string[];
  }

  override begin(): void {
    this.text = this.task.item.payload.text as string;
    const given = this.type === "spans" ? (this.answer!.spans as Span[]) : [];
    this.spans = given.map((s) => ({ ...s, start: toUtf16(this.text, s.start), end: toUtf16(this.text, s.end) }));
    Object.assign(this, { chosen: null, active: -1, problem: "" });
    if (this.answer) this.give(this.answer, true);
  }

  private get marking(): Marking | null {
    return this.querySelector("t-marking");
  }

  private tell(spoken: string, whole = this.spans.length > 0): void {
    const spans = this.spans.map((s) => ({ start: toCodePoints(this.text, s.start), end: toCodePoints(this.text, s.end), label: s.label }));
    this.give(whole ? { type: "spans", text_sha256: sha256(this.text), spans } : null, whole, spoken);
  }

  /** Why spans may not stand like this; "" where they may. */
  private clash(spans: Span[]): string {
    const allowed = (this.task.item.payload.overlap as string | undefined) ?? "none";
    const pairs = spans.flatMap((a, i) => spans.slice(i + 1).map((b) => [a, b] as const));
    for (const [a, b] of pairs) {
      if (a.start === b.start && a.end === b.end && a.label === b.label) return t("This is marked already.");
      if (a.start >= b.end || b.start >= a.end) continue;
      const nested = (a.start <= b.start && b.end <= a.end) || (b.start <= a.start && a.end <= b.end);
      if (allowed === "none") return t("Marks may not overlap here.");
      if (allowed === "nested" && !nested) return t("Marks may lie in one another here, but not cross.");
    }
    return "";
  }

  private set(spans: Span[], active: number, spoken: string): void {
    this.problem = this.clash(spans);
    if (this.problem) return this.say(this.problem);
    const kept = spans[active];
    this.spans = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
    this.active = kept ? this.spans.indexOf(kept) : -1;
    this.chosen = null;
    this.tell(spoken);
  }

  private label(label: string): void {
    if (this.chosen) this.set([...this.spans, { ...this.chosen, label }], this.spans.length, `${this.words(this.chosen)}: ${label}`);
    else if (this.spans[this.active]) this.change(this.active, { label });
    else this.say(t("Choose a passage first: with the arrows, or the pointer."));
  }

  private change(i: number, change: Partial<Span>): void {
    const spans = this.spans.map((s, k) => (k === i ? { ...s, ...change } : s));
    const { start, end } = spans[i]!;
    if (start >= 0 && start < end && end <= this.text.length) this.set(spans, i, this.words(spans[i]!));
  }

  private drop(i: number): void {
    if (!this.spans[i]) return;
    const rest = this.spans.filter((_, k) => k !== i);
    this.set(rest, Math.min(i, rest.length - 1), t("Mark removed"));
  }

  private words(p: Passage): string {
    return this.text.slice(p.start, p.end);
  }

  private move(by: number): void {
    this.active = Math.max(0, Math.min(this.active + by, this.spans.length - 1));
    const span = this.spans[this.active];
    if (span) this.say(`${this.words(span)}: ${span.label}`);
  }

  override keys(): Shortcut[] {
    const group = () => t("Mark");
    return [
      ...this.labels.slice(0, 9).map((label, i): Shortcut => ({ id: `${i + 1}`, keys: [`${i + 1}`], label: () => label, group, run: () => this.label(label), fixed: true })),
      ...passageKeys(() => this.marking, group),
      { id: "next", keys: ["j"], label: () => t("Next mark"), group, run: () => this.move(1) },
      { id: "before", keys: ["k"], label: () => t("Mark before"), group, run: () => this.move(-1) },
      { id: "remove", keys: ["Delete", "Backspace"], label: () => t("Remove the mark"), group, run: () => this.drop(this.active) },
      { id: "nothing", keys: ["0"], label: () => t("Nothing to mark"), group, run: () => this.nothing(), fixed: true },
    ];
  }

  private nothing(): void {
    this.spans = [];
    this.tell(t("Nothing to mark"), true);
  }

  override actions(): Action[] {
    return [this.cannotRate(), this.harmful()];
  }

  protected override render() {
    const { on } = this.task.item.payload as { on?: string };
    const marks: Mark[] = this.spans.map((s, i) => ({ ...s, tone: this.labels.indexOf(s.label), active: i === this.active }));
    const empty = this.type === "spans" && this.spans.length === 0;
    return html`
      ${on === "prompt" ? this.task.responses.map((r) => responseCard(r, { language: this.task.item.language })) : nothing}
      <section class="card paper">
        <p class="small muted">${t("Choose a passage with the pointer or the arrows, then give it a label.")}</p>
        <t-marking lang=${this.task.item.language ?? nothing} .text=${this.text} .marks=${marks} .chosen=${this.chosen} .name=${t("Text to mark")}
          @chosen=${(e: CustomEvent<{ passage: Passage | null; words: string }>) => { this.chosen = e.detail.passage; this.active = -1; this.say(e.detail.words); }}
          @picked=${(e: CustomEvent<number>) => { this.active = e.detail; this.chosen = null; }}></t-marking>
        <div class="choices across" role="group" aria-label=${t("Labels")}>
          ${this.labels.map((label, i) => html`<button class="btn tone${i % 6}" @click=${() => this.label(label)}><span class="swatch" aria-hidden="true"></span><span dir="auto">${label}</span> ${i < 9 ? kbd(this.hint(`${i + 1}`)) : nothing}</button>`)}
          <button class="btn ${empty ? "on" : ""}" aria-pressed=${empty} @click=${() => this.nothing()}>${t("Nothing to mark")} ${kbd(this.hint("nothing"))}</button>
        </div>
        <p class="small bad" role="status">${this.problem}</p>
      </section>
      ${this.spans.length ? html`<section class="card rows" aria-label=${t("Marks")}><table><thead><tr><th>${t("Passage")}</th><th>${t("Label")}</th><th>${t("From")}</th><th>${t("To")}</th><th><span class="sr">${t("Remove")}</span></th></tr></thead><tbody>${this.spans.map((s, i) => this.row(s, i))}</tbody></table></section>` : nothing}`;
  }

  private row(s: Span, i: number) {
    const place = (name: string, value: number, set: (v: number) => void) =>
      html`<input type="number" min="0" max=${this.text.length} aria-label=${name} .value=${String(value)} @change=${(e: Event) => set((e.target as HTMLInputElement).valueAsNumber)}>`;
    return html`<tr class=${i === this.active ? "current" : ""} @focusin=${() => (this.active = i)}>
      <td dir="auto">${this.words(s)}</td>
      <td><select aria-label=${t("Label")} .value=${s.label} @change=${(e: Event) => this.change(i, { label: (e.target as HTMLSelectElement).value })}>${this.labels.map((l) => html`<option ?selected=${l === s.label}>${l}</option>`)}</select></td>
      <td>${place(t("From"), toCodePoints(this.text, s.start), (v) => this.change(i, { start: toUtf16(this.text, v) }))}</td>
      <td>${place(t("To"), toCodePoints(this.text, s.end), (v) => this.change(i, { end: toUtf16(this.text, v) }))}</td>
      <td><button class="btn small" aria-label=${t("Remove {what}", { what: this.words(s) })} @click=${() => this.drop(i)}>✕</button></td></tr>`;
  }
}

customElements.define("t-kind-spans", Spans);

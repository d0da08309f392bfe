// Claim by claim: what was found, where, in which words. A dead or missing source blocks a verdict.
import { html, nothing, type PropertyValues } from "lit";
import { type Action, KindElement } from "@tutelage/kind";
import { toCodePoints, toUtf16 } from "@tutelage/codepoints";
import { type Mark, type Marking, type Passage, passageKeys } from "@tutelage/marking";
import { kbd } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import type { Json } from "@tutelage/types";
import { number, t } from "@tutelage/words";
import { blank, type Claim, objection, stateOf, type State, VERDICTS } from "./claims";

const TONES = { supported: 3, refuted: 2, not_enough_evidence: 0 };
const UNJUDGED = 1;

class FactCheck extends KindElement {
  static override properties = { ...KindElement.properties, claims: { state: true }, current: { state: true }, chosen: { state: true } };
  declare claims: Claim[];
  declare current: number;
  declare chosen: Passage | null;
  private text = "";

  private get listed(): boolean {
    return ((this.task.item.payload.claims as Passage[] | undefined) ?? []).length > 0;
  }

  private get documents(): Record<string, string> {
    return (this.task.item.payload.documents as Record<string, string> | undefined) ?? {};
  }

  override begin(): void {
    const { text, claims } = this.task.item.payload as { text: string; claims?: Passage[] };
    this.text = text;
    const units = <P extends Passage>(p: P): P => ({ ...p, start: toUtf16(text, p.start), end: toUtf16(text, p.end) });
    const given = this.type === "fact_check" ? (this.answer!.claims as (Passage & Json)[]) : null;
    this.claims = given
      ? given.map(units).map((c) => ({ ...blank(c), verdict: (c.verdict as Claim["verdict"]) ?? null, source: (c.source as string) ?? "", state: (c.source_state as State) ?? null, quote: (c.quote as string) ?? "" }))
      : (claims ?? []).map(units).map(blank);
    this.current = 0;
    this.chosen = null;
    if (this.answer) this.give(this.answer, this.type !== "fact_check" || this.whole);
  }

  private get whole(): boolean {
    return this.claims.every((c) => objection(c, this.documents) === "");
  }

  private tell(spoken = "", none = false): void {
    const claims = this.claims.map((c) => ({
      start: toCodePoints(this.text, c.start), end: toCodePoints(this.text, c.end), text: this.text.slice(c.start, c.end),
      verdict: c.verdict, source_state: stateOf(c, this.documents), source: c.source.trim() || null, quote: c.quote.trim() || null,
    }));
    const any = claims.length > 0 || none;
    this.give(any ? { type: "fact_check", claims } : null, any && this.whole, spoken);
  }

  private change(i: number, change: Partial<Claim>, spoken = ""): void {
    this.claims = this.claims.map((c, k) => (k === i ? { ...c, ...change } : c));
    const why = change.verdict ? objection(this.claims[i]!, this.documents) : "";
    this.tell(why ? `${spoken}. ${why}` : spoken);
  }

  private judge(i: number): void {
    const [verdict, label] = VERDICTS[i]!;
    if (!this.claims[this.current]) return this.say(t("Mark a claim first."));
    this.change(this.current, { verdict }, t("Claim {n}: {verdict}", { n: this.current + 1, verdict: label() }));
    if (objection(this.claims[this.current]!, this.documents) === "") this.move(1);
  }

  private move(by: number): void {
    this.current = Math.max(0, Math.min(this.current + by, this.claims.length - 1));
  }

  /** A passage becomes a claim of its own. */
  private add(): void {
    const { chosen } = this;
    if (!chosen) return this.say(t("Choose a passage first: with the arrows, or the pointer."));
    if (this.claims.some((c) => c.start === chosen.start && c.end === chosen.end)) return this.say(t("This is marked already."));
    const made = blank(chosen);
    this.claims = [...this.claims, made].sort((a, b) => a.start - b.start || a.end - b.end);
    this.current = this.claims.indexOf(made);
    this.chosen = null;
    this.tell(t("Claim {n} added", { n: this.current + 1 }));
  }

  private drop(i: number): void {
    this.claims = this.claims.filter((_, k) => k !== i);
    this.move(0);
    this.tell(t("Claim removed"));
  }

  private none(): void {
    this.claims = [];
    this.tell(t("No claims"), true);
  }

  /** Words of a document, selected or by keys, become the quote of the current claim. */
  private quote(name: string, words: string): void {
    if (words && this.claims[this.current]) this.change(this.current, { source: name, quote: words }, t("Quoted from {name}: {words}", { name, words }));
  }

  private focusField(name: string): void {
    this.querySelectorAll(".claim")[this.current]?.querySelector<HTMLElement>(`[name="${name}"]`)?.focus();
  }

  override keys(): Shortcut[] {
    const group = () => t("Check");
    const open = () => !this.listed;
    const marking = () => (open() ? this.querySelector<Marking>(".paper t-marking") : null);
    return [
      ...VERDICTS.map(([, label], i): Shortcut => ({ id: `${i + 1}`, keys: [`${i + 1}`], label, group, run: () => this.judge(i), fixed: true })),
      { id: "next", keys: ["j", "ArrowDown"], label: () => t("Next claim"), group, run: () => this.move(1) },
      { id: "before", keys: ["k", "ArrowUp"], label: () => t("Claim before"), group, run: () => this.move(-1) },
      { id: "source", keys: ["e"], label: () => t("Name the source"), group, run: () => this.focusField("source") },
      { id: "live", keys: ["l"], label: () => t("The source opens: live"), group, run: () => this.change(this.current, { state: "live" }, t("live")), when: () => !!this.claims[this.current] },
      { id: "dead", keys: ["x"], label: () => t("The source does not open: dead"), group, run: () => this.change(this.current, { state: "dead" }, t("dead")), when: () => !!this.claims[this.current] },
      { id: "quote", keys: ["q"], label: () => t("Quote"), group, run: () => this.focusField("quote") },
      { id: "add", keys: ["a"], label: () => t("The passage is a claim"), group, run: () => this.add(), when: open },
      { id: "none", keys: ["0"], label: () => t("No claims"), group, run: () => this.none(), when: open, fixed: true },
      ...passageKeys(marking, group),
    ];
  }

  override actions(): Action[] {
    return [this.cannotRate(), this.harmful()];
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("current") && changed.get("current") !== undefined) this.querySelectorAll(".claim")[this.current]?.scrollIntoView({ block: "nearest" });
  }

  protected override render() {
    const marks: Mark[] = this.claims.map((c, i) => ({ ...c, tone: c.verdict ? TONES[c.verdict] : UNJUDGED, label: number(i + 1), active: i === this.current }));
    const documents = Object.entries(this.documents);
    return html`
      <section class="card paper">
        <t-marking lang=${this.task.item.language ?? nothing} .text=${this.text} .marks=${marks} .chosen=${this.listed ? null : this.chosen} .name=${t("Response")}
          @chosen=${(e: CustomEvent<{ passage: Passage | null; words: string }>) => { this.chosen = e.detail.passage; this.say(e.detail.words); }} @picked=${(e: CustomEvent<number>) => (this.current = e.detail)}></t-marking>
        ${this.listed ? nothing : this.tools()}
      </section>
      <div class="bench ${documents.length ? "" : "alone"}">
        <ol class="claims">${this.claims.map((c, i) => this.claim(c, i))}</ol>
        ${documents.length ? html`<section class="stack">${documents.map(([name, text]) => this.document(name, text))}</section>` : nothing}
      </div>`;
  }

  private tools() {
    const none = this.type === "fact_check" && this.claims.length === 0;
    return html`<div class="choices across"><button class="btn small" @click=${() => this.add()}>${t("The passage is a claim")} ${kbd(this.hint("add"))}</button>
      <button class="btn small ${none ? "on" : ""}" aria-pressed=${none} @click=${() => this.none()}>${t("No claims")} ${kbd(this.hint("none"))}</button></div>`;
  }

  private document(name: string, text: string) {
    return html`<details class="card document" open><summary><span class="mono" dir="auto">${name}</span> <span class="small muted">${t("select words to quote them")}</span></summary>
      <t-marking .text=${text} .name=${name} @chosen=${(e: CustomEvent<{ words: string }>) => this.quote(name, e.detail.words)}></t-marking></details>`;
  }

  private claim(c: Claim, i: number) {
    const here = i === this.current;
    const why = objection(c, this.documents);
    const state = stateOf(c, this.documents);
    const link = /^https?:\/\//i.test(c.source.trim());
    const says = (value: State, label: string, id: string) => html`<button class="btn small ${state === value ? "on" : ""}" aria-pressed=${state === value} @click=${() => this.change(i, { state: value })}>${label} ${kbd(this.hint(id), here)}</button>`;
    const own = c.source.trim() !== "" && !(c.source.trim() in this.documents);
    return html`<li class="card claim ${here ? "current" : ""}" @focusin=${() => (this.current = i)} @click=${() => (this.current = i)}>
      <p class="head"><strong class="num">${number(i + 1)}</strong> <q dir="auto">${this.text.slice(c.start, c.end)}</q>${this.listed ? nothing : html`<button class="btn small" aria-label=${t("Remove claim {n}", { n: i + 1 })} @click=${() => this.drop(i)}>✕</button>`}</p>
      <label class="small muted">${t("Source")} ${kbd(this.hint("source"), here)}<input name="source" list="documents-${i}" dir="auto" autocomplete="off" .value=${c.source} @input=${(e: Event) => this.change(i, { source: (e.target as HTMLInputElement).value })}></label>
      <datalist id="documents-${i}">${Object.keys(this.documents).map((d) => html`<option value=${d}></option>`)}</datalist>
      <div class="state" role="group" aria-label=${t("Does the source open?")}>${link ? html`<a class="btn small" href=${c.source.trim()} target="_blank" rel="noopener noreferrer">${t("Open")} ↗</a>` : nothing}${own ? html`${says("live", t("Live"), "live")}${says("dead", t("Dead"), "dead")}` : nothing}</div>
      <label class="small muted">${t("Quote")} ${kbd(this.hint("quote"), here)}<textarea name="quote" rows="2" dir="auto" .value=${c.quote} @input=${(e: Event) => this.change(i, { quote: (e.target as HTMLTextAreaElement).value })}></textarea></label>
      <div class="verdicts" role="group" aria-label=${t("What you found on claim {n}", { n: i + 1 })}>${VERDICTS.map(([v, label], k) => html`<button class="btn small ${c.verdict === v ? "on" : ""}" aria-pressed=${c.verdict === v} @click=${() => { this.current = i; this.judge(k); }}>${label()} ${kbd(this.hint(`${k + 1}`), here)}</button>`)}</div>
      <p class="small ${c.verdict ? "bad" : "muted"} why">${why || html`<span class="good">✓ ${t("This stands.")}</span>`}</p></li>`;
  }
}

customElements.define("t-kind-fact_check", FactCheck);

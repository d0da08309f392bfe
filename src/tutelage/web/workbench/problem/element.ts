// A problem a rule can grade: its author writes it and sees what the grader and a model make of it; a peer solves it blind.
import { html, nothing, type TemplateResult } from "lit";
import { type Action, KindElement } from "@tutelage/kind";
import { kbd } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import type { Json } from "@tutelage/types";
import { number, t } from "@tutelage/words";

const GRADERS = ["exact", "number", "format"];
const USES: [string, () => string][] = [["training", () => t("For training")], ["held_out", () => t("Held out, for tests")]];

/** What the server says of the author's own answer, and of a model that tried the problem. */
interface Tried {
  check: Json;
  tries?: { model: string; passed: number; of: number; lo: number; hi: number; results: { text: string; grade: { type: string; value?: number } }[] } | null;
  /** Why there are no tries. */
  why?: string;
}

interface Sheet {
  prompt: string;
  answer: string;
  solution: string;
  grader: string;
  parameters: string;
  use: string;
  working: string;
  why: string;
}

const EMPTY: Sheet = { prompt: "", answer: "", solution: "", grader: "", parameters: "", use: "", working: "", why: "" };

class Problem extends KindElement {
  static override properties = { ...KindElement.properties, tried: { state: true }, trying: { state: true }, broken: { state: true }, trouble: { state: true } };
  declare tried: Tried | null;
  declare trying: boolean;
  declare broken: boolean;
  declare trouble: string;
  private sheet: Sheet = EMPTY;

  override get asksReason(): boolean {
    return false;
  }

  /** The problem a peer is shown; null for its author. */
  private get solving(): string | null {
    return (this.task.item.payload.solving as string | undefined) ?? null;
  }

  private get graders(): string[] {
    const named = (this.task.item.payload.graders as string[] | undefined) ?? [];
    return named.length ? named : GRADERS;
  }

  override begin(): void {
    const { use } = this.task.item.payload as { use?: string };
    this.sheet = { ...EMPTY, grader: this.graders[0]!, use: use ?? "" };
    Object.assign(this, { tried: null, trying: false, broken: this.type === "broken", trouble: "" });
    if (this.answer) this.restore(this.answer);
    if (this.answer) this.tell();
  }

  private restore(given: Json): void {
    const text = (name: string) => (given[name] as string | undefined) ?? "";
    const grader = given.grader as { name: string; parameters: Json } | undefined;
    this.sheet = {
      ...this.sheet, answer: text("answer"), solution: text("solution"), working: text("working"), why: text("why"), use: text("use") || this.sheet.use,
      prompt: ((given.prompt as Json[] | undefined)?.[0]?.text as string | undefined) ?? "",
      grader: grader?.name ?? this.sheet.grader, parameters: grader && Object.keys(grader.parameters).length ? JSON.stringify(grader.parameters) : "",
    };
    if (given.check) this.tried = { check: given.check as Json };
  }

  private get parameters(): Json | null {
    try {
      const read: unknown = this.sheet.parameters.trim() ? JSON.parse(this.sheet.parameters) : {};
      return read !== null && typeof read === "object" && !Array.isArray(read) ? (read as Json) : null;
    } catch {
      return null;
    }
  }

  /** The answer as it stands. */
  private made(): Json {
    const { prompt, answer, solution, grader, use, working, why } = this.sheet;
    if (this.solving && this.broken) return { type: "broken", problem: this.solving, why };
    if (this.solving) return { type: "solve", problem: this.solving, answer, working };
    return { type: "problem", prompt: [{ role: "user", text: prompt }], answer, solution, grader: { name: grader, parameters: this.parameters ?? {} }, use: use || null, check: this.tried?.check ?? null };
  }

  private get passes(): boolean {
    return this.tried?.check.type === "scored" && Number(this.tried.check.value) >= 1;
  }

  private get whole(): boolean {
    const { prompt, answer, solution, use, why } = this.sheet;
    const said = (...texts: string[]) => texts.every((text) => text.trim() !== "");
    if (this.solving) return this.broken ? said(why) : said(answer);
    return said(prompt, answer, solution, use) && this.parameters !== null && this.passes;
  }

  private tell(spoken = ""): void {
    const kept = ["cannot_rate", "harmful"].includes(this.type) && !spoken ? this.answer : this.made();
    this.give(kept, kept === this.answer || this.whole, spoken);
  }

  private write(change: Partial<Sheet>): void {
    this.sheet = { ...this.sheet, ...change };
    // what was tried is no longer what stands here
    if (["prompt", "answer", "grader", "parameters"].some((name) => name in change)) this.tried = null;
    this.give(this.made(), this.whole);
    this.requestUpdate();
  }

  private mend = (): void => {
    this.broken = !this.broken;
    this.give(this.made(), this.whole, this.broken ? t("Broken: say why") : t("Not broken"));
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(this.broken ? "#why" : "#answer")?.focus());
  };

  /** The grader judges the author's own answer; where a model is at hand it tries the problem. */
  private try = async (): Promise<void> => {
    if (this.trying || this.solving) return;
    Object.assign(this, { trying: true, trouble: "" });
    try {
      this.tried = await this.ask<Tried>("try", { token: this.task.lease.token, answer: { ...this.made(), check: undefined } });
      this.give(this.made(), this.whole, this.passes ? t("The grader passes your answer") : t("The grader does not pass your answer"));
    } catch (why) {
      this.trouble = (why as Error).message;
    } finally {
      this.trying = false;
    }
  };

  override keys(): Shortcut[] {
    const group = () => t("Problem");
    const author = () => !this.solving;
    const go = (id: string) => () => this.querySelector<HTMLElement>(`#${id}`)?.focus();
    return [
      { id: "try", keys: ["Ctrl+k"], label: () => t("Try it: grader and model"), group, run: () => void this.try(), when: author, always: true },
      { id: "1", keys: ["1"], label: USES[0]![1], group, run: () => this.use("training"), when: () => author() && this.free, fixed: true },
      { id: "2", keys: ["2"], label: USES[1]![1], group, run: () => this.use("held_out"), when: () => author() && this.free, fixed: true },
      { id: "write", keys: ["e"], label: () => t("Write"), group, run: () => go(this.solving ? "answer" : "prompt")() },
    ];
  }

  private get free(): boolean {
    return !(this.task.item.payload as { use?: string }).use;
  }

  private use(use: string): void {
    this.write({ use });
    this.say(USES.find(([u]) => u === use)![1]());
  }

  override actions(): Action[] {
    const broken: Action = { id: "broken", label: t("Broken"), key: "x", pressed: this.broken, run: this.mend };
    return [...(this.solving ? [broken] : []), this.cannotRate(), this.harmful()];
  }

  protected override render() {
    return this.solving ? this.peer() : this.author();
  }

  private peer() {
    return html`<section class="card sheet">${this.broken
      ? this.field("why", t("Why it cannot be solved as it stands: ambiguous, contradictory, incomplete …"), 3, true)
      : html`${this.field("answer", t("Your answer"), 1, true)}${this.field("working", t("Your working, if you like"), 4)}`}</section>`;
  }

  private author() {
    return html`
      <section class="card sheet">${this.field("prompt", t("The problem, as a model will read it"), 4, true)}${this.field("answer", t("Its answer, as the grader compares it"), 1)}${this.field("solution", t("The solution, step by step"), 4)}</section>
      <section class="card sheet two">
        <div class="field"><label for="grader">${t("Grader")}</label><select id="grader" @change=${(e: Event) => this.write({ grader: (e.target as HTMLSelectElement).value })}>${this.graders.map((g) => html`<option ?selected=${g === this.sheet.grader}>${g}</option>`)}</select></div>
        <div class="field"><label for="parameters">${t("Its parameters, as JSON; usually none")}</label><input id="parameters" class="mono" dir="ltr" autocomplete="off" aria-invalid=${this.parameters === null} .value=${this.sheet.parameters} @input=${(e: Event) => this.write({ parameters: (e.target as HTMLInputElement).value })}></div>
        <div class="uses" role="group" aria-label=${t("Use")}>${USES.map(([use, label], i) => html`<button class="btn ${this.sheet.use === use ? "on" : ""}" aria-pressed=${this.sheet.use === use} ?disabled=${!this.free} @click=${() => this.use(use)}>${label()} ${this.free ? kbd(this.hint(`${i + 1}`)) : nothing}</button>`)}</div>
      </section>
      <section class="card sheet trial" aria-live="polite"><button class="btn" @click=${this.try} aria-disabled=${this.trying}>${this.trying ? t("Trying …") : t("Try it")} ${kbd(this.hint("try"))}</button><p>${this.verdict()}</p>${this.results()}</section>`;
  }

  private verdict(): TemplateResult | string {
    if (this.trouble) return html`<span class="bad">${this.trouble}</span>`;
    if (!this.tried) return t("The grader must pass your own answer before this can be submitted.");
    const { tries } = this.tried;
    const grader = this.passes ? html`<span class="good">✓ ${t("The grader passes your answer.")}</span>` : html`<span class="bad">✕ ${t("The grader does not pass your answer. Correct the answer or the grader.")}</span>`;
    const percent = (x: number) => number(Math.round(100 * x));
    const model = tries ? t("The current model solved it {passed} times of {of} ({lo}–{hi} %).", { passed: tries.passed, of: tries.of, lo: percent(tries.lo), hi: percent(tries.hi) }) : (this.tried.why ?? "");
    return html`${grader} <span class="num">${model}</span>`;
  }

  /** What the model said each time, for whoever wants to see why it failed. */
  private results() {
    const { tries } = this.tried ?? {};
    if (!tries) return nothing;
    return html`<details class="tries"><summary>${t("What {model} answered", { model: tries.model })}</summary><ol>${tries.results.map(({ text, grade }) => html`<li><span class=${grade.value === 1 ? "good" : "bad"}>${grade.value === 1 ? "✓" : "✕"}</span> <span dir="auto">${text}</span></li>`)}</ol></details>`;
  }

  private field(name: keyof Sheet, label: string, rows: number, first = false) {
    const input = (e: Event) => this.write({ [name]: (e.target as HTMLInputElement).value });
    return html`<div class="field"><label for=${name}>${label}</label>${rows === 1
      ? html`<input id=${name} dir="auto" autocomplete="off" ?data-first=${first} .value=${this.sheet[name]} @input=${input}>`
      : html`<textarea id=${name} rows=${rows} dir="auto" ?data-first=${first} .value=${this.sheet[name]} @input=${input}></textarea>`}</div>`;
  }
}

customElements.define("t-kind-problem", Problem);

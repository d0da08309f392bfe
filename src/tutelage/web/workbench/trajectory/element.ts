// An agent's work, step by step: a digit judges the step and goes on; after the first bad step only the outcome is asked.
import { html, nothing, type PropertyValues } from "lit";
import { type Action, KindElement } from "@tutelage/kind";
import { kbd, prose, roleName } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import type { Message } from "@tutelage/types";
import { number, t } from "@tutelage/words";

type Label = "good" | "neutral" | "bad";

const LABELS: [Label, () => string][] = [["good", () => t("Good")], ["neutral", () => t("Neutral")], ["bad", () => t("Bad")]];
const OUTCOMES: [string, () => string][] = [["success", () => t("Success")], ["partial", () => t("Partly")], ["failure", () => t("Failure")]];

class Trajectory extends KindElement {
  static override properties = { ...KindElement.properties, current: { state: true }, labels: { state: true }, outcome: { state: true } };
  /** Which step is judged next; the number of steps is the outcome. */
  declare current: number;
  declare labels: (Label | null)[];
  declare outcome: string | null;

  private get steps(): number[] {
    return this.task.item.payload.steps as number[];
  }

  private get messages(): Message[] {
    const [only] = this.task.responses;
    return only!.messages?.length ? only!.messages : [{ role: "assistant", html: only!.html, text: only!.text }];
  }

  override begin(): void {
    const given = this.type === "trajectory" ? this.answer! : null;
    this.labels = (given?.labels as (Label | null)[] | undefined) ?? this.steps.map(() => null);
    this.outcome = (given?.outcome as string | undefined) ?? null;
    this.current = this.whole ? this.steps.length : Math.max(0, this.labels.indexOf(null));
    if (this.answer) this.give(this.answer, this.type !== "trajectory" || this.ready);
  }

  private get firstError(): number {
    return this.labels.indexOf("bad");
  }

  /** Whether every step up to the first error has a label. */
  private get whole(): boolean {
    const read = this.firstError < 0 ? this.labels : this.labels.slice(0, this.firstError);
    return !read.includes(null);
  }

  private get ready(): boolean {
    return this.whole && this.outcome !== null;
  }

  private tell(spoken: string): void {
    const first_error = this.firstError < 0 ? null : this.firstError;
    this.give({ type: "trajectory", labels: this.labels, first_error, outcome: this.outcome }, this.ready, spoken);
  }

  private judge(i: number, label: Label): void {
    this.labels = this.labels.map((l, k) => (k === i ? label : l));
    this.current = label === "bad" ? this.steps.length : i + 1;
    this.tell(t("Step {n}: {label}", { n: i + 1, label: LABELS.find(([l]) => l === label)![1]() }));
  }

  private end(outcome: string): void {
    this.outcome = outcome;
    this.current = this.steps.length;
    this.tell(t("Outcome: {what}", { what: OUTCOMES.find(([o]) => o === outcome)![1]() }));
  }

  private digit(i: number): void {
    if (this.current < this.steps.length) this.judge(this.current, LABELS[i]![0]);
    else this.end(OUTCOMES[i]![0]);
  }

  override keys(): Shortcut[] {
    const group = () => t("Steps");
    const move = (by: number) => () => (this.current = Math.max(0, Math.min(this.current + by, this.steps.length)));
    return [
      ...LABELS.map(([, label], i): Shortcut => ({ id: `${i + 1}`, keys: [`${i + 1}`], label: () => `${label()} / ${OUTCOMES[i]![1]()}`, group, run: () => this.digit(i), fixed: true })),
      { id: "next", keys: ["j", "ArrowDown"], label: () => t("Next step"), group, run: move(1) },
      { id: "before", keys: ["k", "ArrowUp"], label: () => t("Step before"), group, run: move(-1) },
    ];
  }

  override actions(): Action[] {
    return [this.cannotRate(), this.harmful()];
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("current") && changed.get("current") !== undefined) this.querySelector(".current")?.scrollIntoView({ block: "nearest" });
  }

  protected override render() {
    const question = this.task.item.payload.question;
    return html`
      ${question ? html`<p class="question" dir="auto">${question}</p>` : nothing}
      <ol class="walk">${this.messages.map((m, i) => this.message(m, this.steps.indexOf(i)))}</ol>
      ${this.choices(this.steps.length, t("What was reached in the end?"), OUTCOMES, this.outcome, (o) => this.end(o))}`;
  }

  private message(m: Message, step: number) {
    const first = step >= 0 && step === this.firstError;
    return html`<li class="card ${m.role} ${step === this.current ? "current" : ""}">
      <p class="small muted head">${step >= 0 ? html`<strong>${t("Step {n}", { n: number(step + 1) })}</strong>` : nothing} <span>${roleName(m.role)}</span> ${first ? html`<span class="tag bad">${t("first error")}</span>` : nothing}</p>
      ${m.role === "tool" ? html`<pre class="mono" dir="auto" tabindex="0">${m.text}</pre>` : prose(m.html)}
      ${m.tool_calls?.map((call) => html`<pre class="mono call" dir="ltr" tabindex="0">${call.name}(${JSON.stringify(call.arguments, null, 1)})</pre>`)}
      ${step >= 0 ? this.choices(step, t("Step {n}", { n: number(step + 1) }), LABELS, this.labels[step] ?? null, (l) => this.judge(step, l as Label)) : nothing}</li>`;
  }

  private choices(place: number, name: string, options: [string, () => string][], given: string | null, choose: (value: string) => void) {
    const here = place === this.current;
    const outcome = place === this.steps.length;
    return html`<div class="${outcome ? `card outcome ${here ? "current" : ""}` : ""} judge" role="group" aria-label=${name} @focusin=${() => (this.current = place)}>
      ${outcome ? html`<strong>${name}</strong>` : nothing}
      ${options.map(([value, label], i) => html`<button class="btn small ${given === value ? "on" : ""}" aria-pressed=${given === value} @click=${() => choose(value)}>${label()} ${kbd(this.hint(`${i + 1}`), here)}</button>`)}</div>`;
  }
}

customElements.define("t-kind-trajectory", Trajectory);

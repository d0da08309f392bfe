// Which of two responses is better: seven steps on keys 1–7, or A, B, T; harmful asks which.
import { html } from "lit";
import { type Action, KindElement } from "@tutelage/kind";
import { kbd, responseCard } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import type { Json, Shown } from "@tutelage/types";
import { t } from "@tutelage/words";

interface Step {
  shown: 0 | 1 | null;
  strength: 1 | 2 | 3 | null;
  label: () => string;
}

const STEPS: Step[] = [
  { shown: 0, strength: 3, label: () => t("A much") },
  { shown: 0, strength: 2, label: () => t("A") },
  { shown: 0, strength: 1, label: () => t("A slightly") },
  { shown: null, strength: null, label: () => t("Tie") },
  { shown: 1, strength: 1, label: () => t("B slightly") },
  { shown: 1, strength: 2, label: () => t("B") },
  { shown: 1, strength: 3, label: () => t("B much") },
];
const [A, TIE, B] = [1, 3, 5];

class Comparison extends KindElement {
  override get comparable(): boolean {
    return true;
  }

  override begin(): void {
    const given = this.type === "harmful" ? this.flagged.length > 0 : this.answer !== null;
    if (given) this.give(this.answer, true);
  }

  /** Sides are told apart by their place in the item; what is shown as A may be either. */
  private side(shown: 0 | 1): string {
    return this.task.responses[shown]!.at === 0 ? "first" : "second";
  }

  private answerOf({ shown, strength }: Step): Json {
    return shown === null ? { type: "tie" } : { type: "prefer", winner: this.side(shown), strength };
  }

  private chosen(step: Step): boolean {
    return JSON.stringify(this.answer) === JSON.stringify(this.answerOf(step));
  }

  private choose(i: number): void {
    const step = STEPS[i]!;
    this.give(this.answerOf(step), true, step.label());
  }

  private get flagged(): string[] {
    return this.type === "harmful" ? (this.answer!.which as string[]) : [];
  }

  private flag(sides: string[]): void {
    this.give({ type: "harmful", which: sides }, sides.length > 0, sides.length ? t("Harmful") : t("Harmful: which?"));
  }

  override keys(): Shortcut[] {
    const group = () => t("Compare");
    const naming = () => this.type === "harmful";
    return [
      ...STEPS.map((step, i): Shortcut => ({ id: `${i + 1}`, keys: [`${i + 1}`], label: step.label, group, run: () => this.choose(i), fixed: true })),
      { id: "a", keys: ["a"], label: () => t("A is better, or A is harmful"), group, run: () => (naming() ? this.flag([this.side(0)]) : this.choose(A)) },
      { id: "b", keys: ["b"], label: () => t("B is better, or B is harmful"), group, run: () => (naming() ? this.flag([this.side(1)]) : this.choose(B)) },
      { id: "t", keys: ["t"], label: () => t("Tie"), group, run: () => this.choose(TIE) },
    ];
  }

  override actions(): Action[] {
    const bad = this.type === "both_bad";
    const harmful = this.type === "harmful";
    return [
      { id: "bad", label: t("Both bad"), key: "x", pressed: bad, run: () => (bad ? this.give(null, false) : this.give({ type: "both_bad" }, true, t("Both bad"))) },
      this.cannotRate(),
      { id: "harmful", label: t("Harmful"), key: "h", pressed: harmful, run: () => this.flag(harmful ? [this.side(0), this.side(1)] : []) },
    ];
  }

  protected override render() {
    const [a, b] = this.task.responses as [Shown, Shown];
    const winner = this.type === "prefer" ? this.answer!.winner : null;
    const card = (shown: 0 | 1, me: Shown, other: Shown) =>
      responseCard(me, {
        on: winner === this.side(shown),
        key: this.hint(me.label.toLowerCase()),
        against: this.diff ? other : undefined,
        language: this.task.item.language,
        mark: this.flagged.includes(this.side(shown)) ? html`<span class="tag bad">${t("Harmful")}</span>` : "",
        choose: () => (this.type === "harmful" ? this.flag([this.side(shown)]) : this.choose(shown === 0 ? A : B)),
      });
    const question = this.task.item.payload.question;
    return html`
      <section class="pair">${card(0, a, b)}${card(1, b, a)}</section>
      ${question ? html`<p class="question" dir="auto">${question}</p>` : ""}
      ${this.type === "harmful" ? this.which() : this.scale()}`;
  }

  private scale() {
    return html`<div class="scale" role="group" aria-label=${t("Which is better?")}>
      ${STEPS.map((step, i) => html`<button class="btn ${this.chosen(step) ? "on" : ""}" aria-pressed=${this.chosen(step)} @click=${() => this.choose(i)}>${step.label()} ${kbd(this.hint(`${i + 1}`))}</button>`)}
    </div>`;
  }

  private which() {
    const sides = [this.side(0), this.side(1)];
    const button = (label: string, key: string, which: string[]) => {
      const on = which.length === this.flagged.length && which.every((s) => this.flagged.includes(s));
      return html`<button class="btn ${on ? "on" : ""}" aria-pressed=${on} @click=${() => this.flag(which)}>${label} ${kbd(key)}</button>`;
    };
    return html`<div class="scale which" role="group" aria-label=${t("Which is harmful?")}>
      ${button(t("A is harmful"), this.hint("a"), [sides[0]!])}${button(t("B is harmful"), this.hint("b"), [sides[1]!])}${button(t("Both are harmful"), this.shortcuts.hint("act.harmful"), sides)}
      <button class="btn" @click=${() => this.give(null, false, t("Answer taken back"))}>${t("Neither")}</button>
    </div>`;
  }
}

customElements.define("t-kind-comparison", Comparison);

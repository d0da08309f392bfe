// One response on a rubric: digits score the current criterion and go on to the next; anchors say what a score means.
import { html, nothing, type PropertyValues } from "lit";
import { KindElement } from "@tutelage/kind";
import { kbd, responseCard } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import { number, t } from "@tutelage/words";

interface Criterion {
  name: string;
  worst?: number;
  best?: number;
  step?: number | null;
  description?: string;
  anchors?: Record<string, string>;
}

const MOST_BUTTONS = 11;

/** The scores there are, worst first; null where any number will do, or there are too many for buttons. */
const scale = ({ worst = 1, best = 5, step = 1 }: Criterion): number[] | null => {
  if (step === null) return null;
  const count = Math.floor(Math.abs(best - worst) / step + 1e-9) + 1;
  return count > MOST_BUTTONS ? null : Array.from({ length: count }, (_, i) => Number((worst + i * step * Math.sign(best - worst)).toFixed(6)));
};

class Rating extends KindElement {
  static override properties = { ...KindElement.properties, current: { state: true } };
  declare current: number;
  private scores: Record<string, number | null> = {};

  private get criteria(): Criterion[] {
    return this.task.item.payload.criteria as Criterion[];
  }

  override begin(): void {
    this.current = 0;
    this.scores = this.type === "rating" ? { ...(this.answer!.scores as Record<string, number | null>) } : {};
    if (this.answer) this.give(this.answer, this.type !== "rating" || this.whole);
  }

  private get whole(): boolean {
    return this.criteria.every((c) => c.name in this.scores);
  }

  private score(i: number, value: number | null): void {
    const criterion = this.criteria[i]!;
    this.scores = { ...this.scores, [criterion.name]: value };
    const open = this.criteria.findIndex((c, k) => k > i && !(c.name in this.scores));
    this.current = open >= 0 ? open : i;
    const said = value === null ? t("does not apply") : number(value);
    this.give({ type: "rating", scores: this.scores }, this.whole, `${criterion.name}: ${said}`);
  }

  /** What a digit means on the current criterion's scale; 0 is ten where there is no zero. */
  private scoreOf(digit: number): number | null {
    const allowed = scale(this.criteria[this.current]!) ?? [];
    const value = digit === 0 && !allowed.includes(0) ? 10 : digit;
    return allowed.includes(value) ? value : null;
  }

  private move(by: number): void {
    this.current = Math.max(0, Math.min(this.current + by, this.criteria.length - 1));
    this.dispatchEvent(new CustomEvent("current"));
  }

  override keys(): Shortcut[] {
    const group = () => t("Rate");
    return [
      ...Array.from({ length: 10 }, (_, d): Shortcut => ({ id: `${d}`, keys: [`${d}`], label: () => t("Score {n}", { n: this.scoreOf(d) ?? d }), group, run: () => this.score(this.current, this.scoreOf(d)), when: () => this.scoreOf(d) !== null, fixed: true })),
      { id: "next", keys: ["j", "ArrowDown"], label: () => t("Next criterion"), group, run: () => this.move(1) },
      { id: "before", keys: ["k", "ArrowUp"], label: () => t("Criterion before"), group, run: () => this.move(-1) },
      { id: "none", keys: ["n"], label: () => t("Does not apply"), group, run: () => this.score(this.current, null) },
    ];
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("current") && changed.get("current") !== undefined) this.querySelectorAll(".criterion")[this.current]?.scrollIntoView({ block: "nearest" });
  }

  protected override render() {
    return html`
      ${this.task.responses.map((r) => responseCard(r, { language: this.task.item.language }))}
      <section class="card rubric" aria-label=${t("Rubric")}>${this.criteria.map((c, i) => this.criterion(c, i))}</section>`;
  }

  private criterion(c: Criterion, i: number) {
    const given = this.scores[c.name];
    const values = scale(c);
    return html`<fieldset class="criterion ${i === this.current ? "current" : ""}" @focusin=${() => (this.current = i)}>
      <legend dir="auto">${c.name}</legend>
      ${c.description ? html`<p class="small muted" dir="auto">${c.description}</p>` : nothing}
      <div class="values">
        ${values ? values.map((v) => this.value(c, i, v, given === v)) : this.free(c, i, given)}
        <button class="btn none ${given === null ? "on" : ""}" aria-pressed=${given === null} @click=${() => this.score(i, null)}>${t("Does not apply")} ${kbd(this.hint("none"), i === this.current)}</button>
      </div></fieldset>`;
  }

  private value(c: Criterion, i: number, v: number, on: boolean) {
    const anchor = c.anchors?.[String(v)];
    return html`<button class="btn ${on ? "on" : ""}" aria-pressed=${on} @click=${() => this.score(i, v)}>
      <span class="num">${number(v)}</span>${anchor ? html`<span class="small" dir="auto">${anchor}</span>` : nothing}</button>`;
  }

  private free(c: Criterion, i: number, given: number | null | undefined) {
    const [low, high] = [Math.min(c.worst ?? 1, c.best ?? 5), Math.max(c.worst ?? 1, c.best ?? 5)];
    return html`<label class="free"><span class="small muted">${t("From {low} (worst {worst}) to {high}", { low, high, worst: c.worst ?? 1 })}</span>
      <input type="number" min=${low} max=${high} step=${c.step ?? "any"} .value=${given == null ? "" : String(given)} @change=${(e: Event) => {
        const field = e.target as HTMLInputElement;
        if (field.value !== "" && field.checkValidity()) this.score(i, field.valueAsNumber);
      }}></label>`;
  }
}

customElements.define("t-kind-rating", Rating);

// Labels from a list: the first nine that match the filter have a digit. "a / b" is a branch of a tree.
import { html, nothing } from "lit";
import { KindElement } from "@tutelage/kind";
import { kbd, responseCard } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import { t, tn } from "@tutelage/words";

const FILTER_FROM = 10;
const BRANCH = /\s*(?:\/|>|›)\s*/;

class Classification extends KindElement {
  static override properties = { ...KindElement.properties, filter: { state: true } };
  declare filter: string;

  private get labels(): string[] {
    return this.task.item.payload.labels as string[];
  }

  private get several(): boolean {
    return this.task.item.payload.several === true;
  }

  private get chosen(): string[] {
    return this.type === "classification" ? (this.answer!.labels as string[]) : [];
  }

  override begin(): void {
    this.filter = "";
    if (this.answer) this.give(this.answer, true);
  }

  private get matching(): string[] {
    const words = this.filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    return this.labels.filter((l) => words.every((w) => l.toLocaleLowerCase().includes(w)));
  }

  private choose(label: string): void {
    const on = this.chosen.includes(label);
    const set = this.several ? (on ? this.chosen.filter((l) => l !== label) : [...this.chosen, label]) : [label];
    const labels = this.labels.filter((l) => set.includes(l));
    const spoken = on && this.several ? t("{label}: taken back", { label }) : label;
    if (labels.length) this.give({ type: "classification", labels }, true, spoken);
    else this.give(null, false, spoken);
  }

  private none(): void {
    this.give({ type: "classification", labels: [] }, true, t("None of these"));
  }

  override keys(): Shortcut[] {
    const group = () => t("Classify");
    const digits = Array.from({ length: 9 }, (_, i): Shortcut => ({ id: `${i + 1}`, keys: [`${i + 1}`], label: () => this.matching[i] ?? "", group, run: () => this.choose(this.matching[i]!), when: () => i < this.matching.length, fixed: true }));
    const none: Shortcut = { id: "none", keys: ["0"], label: () => t("None of these"), group, run: () => this.none(), when: () => this.several, fixed: true };
    const find: Shortcut = { id: "find", keys: ["f", "/"], label: () => t("Filter the labels"), group, run: () => this.querySelector("input")?.focus(), when: () => this.labels.length >= FILTER_FROM };
    return [...digits, none, find];
  }

  protected override render() {
    const { matching } = this;
    const rows = matching.map((label, i) => ({ label, i, path: label.split(BRANCH) }));
    const groups = Map.groupBy(rows, (r) => r.path.slice(0, -1).join(" / "));
    return html`
      ${this.task.responses.map((r) => responseCard(r, { language: this.task.item.language }))}
      <section class="card labels">
        ${this.labels.length >= FILTER_FROM ? this.search(matching.length) : nothing}
        ${[...groups].map(([branch, all]) => html`<div role="group" aria-label=${branch || t("Labels")}>
          ${branch ? html`<p class="small muted" aria-hidden="true" dir="auto">${branch}</p>` : nothing}
          <div class="choices across">${all.map(({ label, i, path }) => this.label(label, path[path.length - 1]!, i))}</div></div>`)}
        ${this.several ? this.noneButton() : nothing}
      </section>`;
  }

  private search(found: number) {
    return html`<div class="find"><label class="small muted" for="filter">${t("Filter")} ${kbd(this.hint("find"))}</label>
      <input id="filter" type="search" autocomplete="off" .value=${this.filter} @input=${(e: Event) => (this.filter = (e.target as HTMLInputElement).value)} @keydown=${this.typed}>
      <span class="small muted num" role="status">${tn(found, "{n} label", "{n} labels")}</span></div>`;
  }

  /** Enter takes the first match; down goes to the list. */
  private typed = (e: KeyboardEvent): void => {
    const [first] = this.matching;
    if (e.ctrlKey || e.metaKey || e.isComposing) return;
    if (e.key === "Enter" && first) {
      e.preventDefault();
      this.choose(first);
    } else if (e.key === "ArrowDown") {
      e.preventDefault();
      this.querySelector<HTMLElement>("[aria-pressed]")?.focus();
    }
  };

  private label(label: string, name: string, i: number) {
    const on = this.chosen.includes(label);
    return html`<button class="btn ${on ? "on" : ""}" aria-pressed=${on} @click=${() => this.choose(label)}><span dir="auto"><span class="sr">${label.slice(0, label.length - name.length)}</span>${name}</span> ${i < 9 ? kbd(this.hint(`${i + 1}`)) : nothing}</button>`;
  }

  private noneButton() {
    const on = this.type === "classification" && this.chosen.length === 0;
    return html`<div><button class="btn ${on ? "on" : ""}" aria-pressed=${on} @click=${() => this.none()}>${t("None of these")} ${kbd(this.hint("none"))}</button></div>`;
  }
}

customElements.define("t-kind-classification", Classification);

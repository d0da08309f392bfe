// Responses in order: type the rank, move with Alt+↑/↓ or the buttons, or drag. Equal ranks are ties.
import { html, nothing, type PropertyValues } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type Action, KindElement } from "@tutelage/kind";
import { responseCard } from "@tutelage/parts";
import type { Shortcut } from "@tutelage/shortcuts";
import type { Shown } from "@tutelage/types";
import { number, t } from "@tutelage/words";

class Ranking extends KindElement {
  static override properties = { ...KindElement.properties, order: { state: true }, current: { state: true } };
  /** Places in the item, in the order of the list; the first is best. */
  declare order: number[];
  declare current: number;
  private ranks = new Map<number, number | null>();
  private dragging = false;

  override begin(): void {
    const shown = this.task.responses.map((r) => r.at);
    const given = this.type === "ranking" ? (this.answer!.ranks as (number | null)[]) : [];
    this.ranks = new Map(shown.map((at) => [at, given[at] ?? null]));
    this.order = this.sorted(shown);
    this.current = this.order[0]!;
    if (this.answer) this.give(this.answer, this.type !== "ranking" || this.ranked >= 2);
  }

  private get ranked(): number {
    return [...this.ranks.values()].filter((r) => r !== null).length;
  }

  private sorted(order: number[]): number[] {
    const rank = (at: number) => this.ranks.get(at) ?? Infinity;
    return [...order].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  }

  private of(at: number): Shown {
    return this.task.responses.find((r) => r.at === at)!;
  }

  private tell(spoken: string): void {
    const ranks = Array.from({ length: this.order.length }, (_, at) => this.ranks.get(at) ?? null);
    this.give({ type: "ranking", ranks }, this.ranked >= 2, spoken);
  }

  private rank(at: number, rank: number | null): void {
    if (rank !== null && rank > this.order.length) return;
    this.ranks.set(at, rank);
    this.order = this.sorted(this.order);
    this.current = at;
    this.tell(t("Response {label}: rank {n}", { label: this.of(at).label, n: rank ?? t("none") }));
  }

  /** Puts a response at a place of the list; then the list is the order. */
  private place(at: number, to: number): void {
    const rest = this.order.filter((a) => a !== at);
    const place = Math.max(0, Math.min(to, rest.length));
    this.order = [...rest.slice(0, place), at, ...rest.slice(place)];
    this.order.forEach((a, i) => this.ranks.set(a, i + 1));
    this.current = at;
    this.tell(t("Response {label} is now {n} of {m}", { label: this.of(at).label, n: number(place + 1), m: number(this.order.length) }));
  }

  private step(by: number): void {
    const i = Math.max(0, Math.min(this.order.indexOf(this.current) + by, this.order.length - 1));
    this.current = this.order[i]!;
    void this.updateComplete.then(() => this.row(this.current)?.focus());
  }

  private row(at: number): HTMLElement | null {
    return this.querySelector(`[data-at="${at}"]`);
  }

  protected override updated(changed: PropertyValues<this>): void {
    // a row that moved keeps the focus it had
    if (changed.has("order") && this.contains(document.activeElement)) this.row(this.current)?.focus({ preventScroll: true });
    if (changed.has("order")) this.row(this.current)?.scrollIntoView({ block: "nearest" });
  }

  override keys(): Shortcut[] {
    const group = () => t("Rank");
    const n = this.task.responses.length;
    const at = () => this.order.indexOf(this.current);
    return [
      ...Array.from({ length: n }, (_, i): Shortcut => ({ id: `${i + 1}`, keys: [`${i + 1}`], label: () => t("Rank {n}; the same rank is a tie", { n: i + 1 }), group, run: () => this.rank(this.current, i + 1), fixed: true })),
      { id: "0", keys: ["0"], label: () => t("No rank"), group, run: () => this.rank(this.current, null), fixed: true },
      { id: "next", keys: ["j", "ArrowDown"], label: () => t("Next response"), group, run: () => this.step(1) },
      { id: "before", keys: ["k", "ArrowUp"], label: () => t("Response before"), group, run: () => this.step(-1) },
      { id: "up", keys: ["Alt+ArrowUp"], label: () => t("Move up"), group, run: () => this.place(this.current, at() - 1) },
      { id: "down", keys: ["Alt+ArrowDown"], label: () => t("Move down"), group, run: () => this.place(this.current, at() + 1) },
    ];
  }

  override actions(): Action[] {
    const standing = this.order?.every((at, i) => this.ranks.get(at) === i + 1) ?? false;
    return [{ id: "asis", label: t("As it stands"), key: "o", pressed: standing && this.type === "ranking", run: () => this.place(this.current, this.order.indexOf(this.current)) }, this.cannotRate()];
  }

  protected override render() {
    const question = this.task.item.payload.question;
    return html`
      ${question ? html`<p class="question" dir="auto">${question}</p>` : nothing}
      <p class="small muted">${t("Best first. Drag, use the arrows, or type a rank; the same rank twice is a tie.")}</p>
      <ol class="order">${repeat(this.order, (at) => at, (at, i) => this.entry(at, i))}</ol>`;
  }

  private entry(at: number, i: number) {
    const { label } = this.of(at);
    const rank = this.ranks.get(at) ?? null;
    const last = this.order.length - 1;
    const badge = html`<span class="rank num ${rank === null ? "none" : ""}" title=${t("Rank")}>${rank ?? "–"}</span>`;
    const tools = html`<span class="tools">
      <button class="btn small grip" tabindex="-1" aria-hidden="true" @pointerdown=${(e: PointerEvent) => this.grab(e, at)}>⠿</button>
      <button class="btn small" aria-label=${t("Move {label} up", { label })} ?disabled=${i === 0} @click=${() => this.place(at, i - 1)}>↑</button>
      <button class="btn small" aria-label=${t("Move {label} down", { label })} ?disabled=${i === last} @click=${() => this.place(at, i + 1)}>↓</button></span>`;
    const name = `${t("Response {label}", { label })}, ${rank === null ? t("not ranked") : t("rank {n}", { n: rank })}`;
    return html`<li tabindex=${at === this.current ? 0 : -1} data-at=${at} class=${at === this.current ? "current" : ""} aria-label=${name} @focusin=${() => (this.current = at)} @click=${() => (this.current = at)}>
      ${responseCard(this.of(at), { mark: html`${badge}${tools}`, language: this.task.item.language })}</li>`;
  }

  private grab(event: PointerEvent, at: number): void {
    const grip = event.currentTarget as HTMLElement;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    this.dragging = true;
    const move = (e: PointerEvent) => {
      const rows = [...this.querySelectorAll<HTMLElement>(".order > li")];
      const over = rows.findIndex((row) => e.clientY < row.getBoundingClientRect().bottom);
      const to = over < 0 ? rows.length - 1 : over;
      if (this.dragging && to !== this.order.indexOf(at)) this.place(at, to);
    };
    const end = () => {
      this.dragging = false;
      removeEventListener("pointermove", move);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
    addEventListener("pointercancel", end, { once: true });
  }
}

customElements.define("t-kind-ranking", Ranking);

// The two questions the frame asks: which keys, and why a task is skipped.
import { html, LitElement, nothing } from "lit";
import { chordOf, printed, type Shortcut, type Shortcuts } from "@tutelage/shortcuts";
import { t } from "@tutelage/words";

abstract class Dialog extends LitElement {
  shortcuts!: Shortcuts;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected get dialog(): HTMLDialogElement | null {
    return this.querySelector("dialog");
  }

  show(): void {
    this.requestUpdate();
    void this.updateComplete.then(() => this.dialog?.showModal());
  }

  close(): void {
    this.dialog?.close();
  }
}

class KeysDialog extends Dialog {
  static override properties = { asking: { state: true }, taken: { state: true } };
  declare asking: string | null;
  declare taken: string;

  constructor() {
    super();
    this.asking = null;
    this.taken = "";
  }

  protected override render() {
    if (!this.shortcuts) return nothing;
    const groups = Map.groupBy(this.shortcuts.list().filter((s) => s.when?.() ?? true), (s: Shortcut) => s.group());
    return html`<dialog class="card" aria-labelledby="keys-title" @keydown=${this.pressed}>
      <header><h2 id="keys-title">${t("Keys")}</h2><button class="btn small" @click=${() => this.close()}>${t("Close")} <kbd aria-hidden="true">Esc</kbd></button></header>
      <label class="check"><input type="checkbox" .checked=${this.shortcuts.on} @change=${this.switched}> ${t("Single keys work")} <span class="muted small">${t("never while you write")}</span></label>
      <p class="small bad" role="status">${this.taken}</p>
      ${[...groups].map(([group, all]) => html`<h3>${group}</h3><dl class="keys">${all.map((s) => this.row(s))}</dl>`)}
      <footer><button class="btn small" @click=${() => { this.shortcuts.reset(); this.requestUpdate(); }}>${t("Back to the usual keys")}</button></footer>
    </dialog>`;
  }

  private row(s: Shortcut) {
    const keys = this.shortcuts.keysOf(s.id);
    const asking = this.asking === s.id;
    return html`<div><dt>${s.label()}</dt><dd>${keys.map((k) => html`<kbd>${printed(k)}</kbd>`)}
      ${s.fixed ? nothing : html`<button class="link small" aria-label=${t("Change the key of {what}", { what: s.label() })} @click=${() => { this.asking = asking ? null : s.id; this.taken = ""; }}>${asking ? t("press a key …") : t("change")}</button>`}</dd></div>`;
  }

  private switched = (event: Event): void => {
    this.shortcuts.switch((event.target as HTMLInputElement).checked);
    this.requestUpdate();
  };

  private pressed = (event: KeyboardEvent): void => {
    if (!this.asking || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
    event.preventDefault();
    const chord = chordOf(event);
    if (chord !== "Escape") {
      const other = this.shortcuts.remap(this.asking, chord);
      this.taken = other ? t("{key} is already used.", { key: printed(chord) }) : "";
      if (other) return;
    }
    this.asking = null;
  };
}

/** Why a task is handed back. Skipping is paid, so the list is short and no reason is worse than another. */
const REASONS: [string, () => string][] = [
  ["outside", () => t("I do not know enough about this")],
  ["unclear", () => t("The task or its language is unclear to me")],
  ["distressing", () => t("I would rather not see this content")],
  ["broken", () => t("Something is broken or missing")],
  ["other", () => t("Something else")],
];

class SkipDialog extends Dialog {
  protected override render() {
    return html`<dialog class="card" aria-labelledby="skip-title" @keydown=${this.pressed}>
      <header><h2 id="skip-title">${t("Skip this task: why?")}</h2><button class="btn small" @click=${() => this.close()}>${t("Stay")} <kbd aria-hidden="true">Esc</kbd></button></header>
      <p class="small muted">${t("Your time on it is paid. Skipping never counts against you.")}</p>
      <div class="choices">${REASONS.map(([code, label], i) => html`<button class="btn" @click=${() => this.choose(code)}>${label()} <kbd aria-hidden="true">${i + 1}</kbd></button>`)}</div>
    </dialog>`;
  }

  private choose(reason: string): void {
    this.close();
    this.dispatchEvent(new CustomEvent("skip", { detail: reason }));
  }

  private pressed = (event: KeyboardEvent): void => {
    const chosen = REASONS[Number(event.key) - 1];
    if (!chosen || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.choose(chosen[0]);
  };
}

customElements.define("t-keys", KeysDialog);
customElements.define("t-skip", SkipDialog);

declare global {
  interface HTMLElementTagNameMap {
    "t-keys": KeysDialog;
    "t-skip": SkipDialog;
  }
}

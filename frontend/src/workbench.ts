// <t-workbench>: one frame for every kind of task. It owns the lease, the draft, the submission, the keys and the notices.
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { KINDS } from "generated:kinds.ts";
import { Api, csrfToken, Refused } from "@tutelage/api";
import { Clock } from "@tutelage/clock";
import { Delivery, type Waiting } from "@tutelage/delivery";
import "@tutelage/dialogs";
import * as frame from "@tutelage/frame";
import { drafts, type Pending } from "@tutelage/keep";
import type { Action, KindElement } from "@tutelage/kind";
import { conversation } from "@tutelage/parts";
import { Saver, type Saved } from "@tutelage/saver";
import { type Shortcut, Shortcuts } from "@tutelage/shortcuts";
import { isTask, type AnswerEvent, type Json, type Next, type Submitted, type Task } from "@tutelage/types";
import { money, number, t } from "@tutelage/words";

const WARN_BEFORE_S = 120;
const DOUBLE_PRESS_MS = 1200;
const ASKED_MS = 120_000; // a model takes its time

class Workbench extends LitElement {
  static override properties = Object.fromEntries(
    ["next", "answer", "reason", "complete", "sending", "saved", "waiting", "refused", "open", "diff", "shown", "left", "undoable", "now"].map((name) => [name, { state: true }]),
  );
  declare next: Next | null;
  declare answer: Json | null;
  declare reason: string;
  declare complete: boolean;
  declare sending: boolean;
  declare saved: Saved;
  declare waiting: Waiting | null;
  declare refused: Refused | null;
  declare open: boolean;
  declare diff: boolean;
  declare shown: boolean;
  declare left: boolean;
  declare undoable: { judgment: string; until: number } | null;
  declare now: number;

  private api = new Api(this.getAttribute("api") ?? "/api/work/", csrfToken);
  private home = this.getAttribute("home") ?? "/";
  private shortcuts = new Shortcuts(() => this.requestUpdate(), (kept) => this.api.send("PUT", "keys", kept));
  private clock = new Clock(() => this.ticked());
  private saver = new Saver(this.api, (s) => (this.saved = s), (why) => (this.refused = why), (until) => this.extended(until), () => this.heldNow());
  private delivery = new Delivery(this.api, (w) => (this.waiting = w));
  private kind: KindElement | null = null;
  private guidelines = new Map<number | string, string>();
  private shownSince = 0;
  private wanted = false; // whether what is hidden was asked for, and not let go since
  private escapedAt = 0;
  private spoken = "";

  constructor() {
    super();
    Object.assign(this, { next: null, answer: null, reason: "", complete: false, sending: false, saved: "saved", waiting: null, refused: null, open: false, diff: false, shown: false, left: false, undoable: null, now: Date.now() });
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.shortcuts.start();
    this.shortcuts.replace("frame", this.keys());
    this.clock.start();
    addEventListener("keyup", this.released);
    addEventListener("blur", this.hide);
    void drafts.forgetOld(Date.now());
    void this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.shortcuts.stop();
    this.clock.stop();
    removeEventListener("keyup", this.released);
    removeEventListener("blur", this.hide);
  }

  // --- one task after another

  private async begin(): Promise<void> {
    const given = document.getElementById("task")?.textContent;
    const unfinished = this.delivery.unfinished();
    if (unfinished) await this.finish(unfinished);
    else await this.take(given ? (JSON.parse(given) as Next) : await this.fetchNext());
  }

  /** An earlier page sent something and never saw the receipt: the same key asks for it again. */
  private async finish(entry: Pending): Promise<void> {
    try {
      await this.delivered(await this.delivery.resume<Submitted>(entry));
    } catch (why) {
      // 404: somebody else worked on this device before; it is not theirs to know
      if ((why as Refused).status !== 404) this.refused = why as Refused;
      await this.take(await this.fetchNext());
    }
  }

  private get project(): string {
    return this.getAttribute("project") ?? (this.next && isTask(this.next) ? this.next.project.id : "");
  }

  /** Whether an owner tries the tasks: five, of which only the time is kept. */
  private get rehearsing(): boolean {
    return new URLSearchParams(location.search).has("preview");
  }

  private async heldNow(): Promise<Task | null> {
    const next = await this.fetchNext();
    return isTask(next) ? next : null;
  }

  private fetchNext(): Promise<Next> {
    return this.api.get<Next>(`${this.rehearsing ? "rehearse" : "next"}?project=${encodeURIComponent(this.project)}`);
  }

  private async take(next: Next): Promise<void> {
    if (isTask(next)) {
      await KINDS[next.project.kind]?.();
      if (next.care || this.kind?.localName !== `t-kind-${next.project.kind}`) this.kind = this.make(next.project.kind);
      const kept = await this.saver.kept(next);
      const draft = kept ?? next.draft;
      Object.assign(this, { answer: draft?.answer ?? null, reason: draft?.reason ?? "", complete: false, shown: false, left: false, diff: false });
      this.wanted = false;
      if (!next.care) this.give(next);
      const { html: text, version } = next.project.guideline;
      if (text) this.guidelines.set(version, text);
      this.saver.begin(next);
      this.clock.restart(kept?.active_ms);
      if (kept) this.changed();
    } else this.kind = null;
    this.undoable = next && isTask(next) && next.undo ? { judgment: next.undo.judgment, until: Date.parse(next.undo.until) } : this.undoable;
    Object.assign(this, { next, sending: false });
    await this.updateComplete;
    this.focusTask();
  }

  private make(kind: string): KindElement {
    const made = document.createElement(`t-kind-${kind}`) as KindElement;
    made.shortcuts = this.shortcuts;
    this.shortcuts.kind = kind;
    made.ask = (path, body) => this.api.send("POST", path, body, { signal: AbortSignal.timeout(ASKED_MS) });
    made.addEventListener("answer", (e) => this.answered((e as CustomEvent<AnswerEvent & { spoken: string }>).detail));
    made.addEventListener("said", (e) => this.say((e as CustomEvent<string>).detail));
    return made;
  }

  private focusTask(): void {
    scrollTo({ top: 0, behavior: "instant" });
    const first = this.querySelector<HTMLElement>("[data-first]") ?? this.querySelector<HTMLElement>("h1[tabindex], main[tabindex]");
    first?.focus({ preventScroll: true });
  }

  private answered({ answer, complete, spoken }: AnswerEvent & { spoken: string }): void {
    const moved = JSON.stringify(answer) !== JSON.stringify(this.answer);
    Object.assign(this, { answer, complete });
    if (this.refused && !this.lost) this.refused = null;
    if (spoken) this.say(complete ? `${spoken}. ${t("Ready to submit.")}` : spoken);
    if (moved) this.changed();
  }

  private changed(): void {
    this.saver.change({ answer: this.answer, reason: this.reason, active_ms: this.clock.read().active_ms });
  }

  private get task(): Task | null {
    return this.next && isTask(this.next) ? this.next : null;
  }

  // --- sending

  private submit = async (): Promise<void> => {
    const task = this.task;
    if (!task || this.sending || this.left || this.lost) return;
    if (!this.complete) {
      this.say(t("The answer is not complete yet."));
      this.kind?.querySelector<HTMLElement>("[data-first], button, textarea, input")?.focus();
      return;
    }
    await this.sendOff("submit", { answer: this.answer, reason: this.reason, telemetry: this.clock.read() });
  };

  private skip = (reason: string): Promise<void> => this.sendOff("skip", { reason });

  private async sendOff(path: Pending["path"], body: Record<string, unknown>): Promise<void> {
    const token = this.task!.lease.token;
    this.saver.end();
    Object.assign(this, { sending: true, refused: null });
    try {
      await this.delivered(await this.delivery.send<Submitted>(path, token, body));
      void drafts.drop(token);
    } catch (why) {
      this.saver.resume();
      this.refused = why as Refused;
    } finally {
      this.sending = false;
    }
  }

  private async delivered(reply: Submitted): Promise<void> {
    const until = reply.undo_until ? Date.parse(reply.undo_until) : 0;
    this.undoable = reply.judgment ? { judgment: reply.judgment, until } : null;
    const currency = reply.pay?.currency ?? this.task?.progress.currency;
    const earned = reply.pay?.minor && currency ? t("You get {amount}.", { amount: money(reply.pay.minor, currency) }) : "";
    if (this.left) return;
    await this.take(reply.next);
    this.say(`${reply.judgment || this.rehearsing ? t("Submitted.") : t("Skipped.")} ${earned} ${this.task ? t("Task {n}.", { n: number(this.task.progress.done + 1) }) : ""}`);
  }

  private undo = async (): Promise<void> => {
    const { undoable } = this;
    if (!undoable || this.undo_s <= 0 || this.sending) return;
    this.sending = true;
    this.saver.end();
    try {
      const again = await this.api.send<Next>("POST", "undo", { judgment: undoable.judgment, key: `undo-${undoable.judgment}` });
      this.undoable = null;
      await this.take(again);
      this.say(t("Taken back. Your earlier answer is here again."));
    } catch (why) {
      this.saver.resume();
      this.refused = why as Refused;
    } finally {
      this.sending = false;
    }
  };

  private get undo_s(): number {
    return this.undoable ? Math.max(0, Math.ceil((this.undoable.until - this.now) / 1000)) : 0;
  }

  /** The lease is somebody else's now: nothing here can be submitted any more. */
  private get lost(): boolean {
    return this.refused !== null && (/lease/i.test(this.refused.name_) || [404, 409, 410].includes(this.refused.status));
  }

  private lookAgain = async (): Promise<void> => {
    try {
      this.refused = null;
      await this.take(await this.fetchNext());
    } catch (why) {
      this.refused = why as Refused;
    }
  };

  private extended(expires_at: string): void {
    if (this.task) this.task.lease.expires_at = expires_at;
    this.requestUpdate();
  }

  private ticked(): void {
    this.now = Date.now();
    if (this.shown && this.dose_s <= 0) this.hide();
  }

  // --- care

  private get concealed(): boolean {
    return !!this.task?.care && !this.shown;
  }

  private get dose_s(): number {
    const care = this.task?.care;
    return care ? care.dose_left_s - (this.shown ? (this.now - this.shownSince) / 1000 : 0) : 0;
  }

  /** What is hidden is not in the page: the server gives it out, and its clock runs from then on. */
  private reveal = async (): Promise<void> => {
    const { task } = this;
    if (!task?.care || this.shown || this.wanted || this.dose_s <= 0) return;
    this.wanted = true;
    try {
      const seen = await this.api.send<Pick<Task, "item" | "responses" | "care">>("POST", "reveal", { token: task.lease.token });
      if (this.task?.lease.token === task.lease.token && seen.care) this.uncover({ ...this.task, ...seen });
    } catch (why) {
      this.wanted = false;
      this.refused = why as Refused;
    }
  };

  private uncover(task: Task): void {
    this.next = task;
    this.give(task);
    this.shownSince = this.now = Date.now();
    this.shown = true;
    if (!this.wanted) this.hide(); // the key was let go before it came
  }

  private hide = (): void => {
    this.wanted = false;
    const { task } = this;
    if (!task?.care || !this.shown) return;
    this.now = Date.now();
    task.care.dose_left_s = Math.max(0, this.dose_s);
    this.shown = false;
    // where this is lost the clock runs on, to the safe side
    void this.api.send("POST", "reveal", { token: task.lease.token, shown: false }).catch(() => null);
  };

  /** The element gets a task once there is something to show of it. */
  private give(task: Task): void {
    if (this.kind?.task?.lease.token !== task.lease.token) Object.assign(this.kind!, { task, answer: this.answer, diff: false });
  }

  private released = (event: KeyboardEvent): void => {
    if (this.shortcuts.keysOf("frame.reveal").includes(event.key.toLowerCase())) this.hide();
  };

  private escape = (): void => {
    const soon = performance.now() - this.escapedAt < DOUBLE_PRESS_MS;
    this.escapedAt = performance.now();
    this.hide();
    this.outOfField();
    if (soon) void this.leave();
  };

  private outOfField = (): void => {
    if (document.activeElement?.matches("textarea, input, select")) this.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  };

  private leave = async (): Promise<void> => {
    this.left = true;
    await this.skip("distressing");
    await this.updateComplete;
    this.focusTask();
  };

  // --- keys and what is said

  private keys(): Shortcut[] {
    const group = () => t("Everywhere");
    const task = () => this.task !== null && !this.left;
    return [
      { id: "submit", keys: ["Ctrl+Enter"], label: () => t("Submit and next"), group, run: this.submit, when: task, always: true },
      { id: "enter", keys: ["Enter"], label: () => t("Submit, outside text fields"), group, run: this.submit, when: () => task() && this.complete },
      { id: "skip", keys: ["s"], label: () => t("Skip, paid"), group, run: this.askSkip, when: task },
      { id: "undo", keys: ["u"], label: () => t("Undo, for 10 seconds"), group, run: this.undo },
      { id: "guideline", keys: ["g"], label: () => t("Guideline beside"), group, run: this.toggleGuideline, when: task },
      { id: "diff", keys: ["d"], label: () => t("Mark the differences"), group, run: this.toggleDiff, when: () => task() && !!this.kind?.task && this.kind.comparable },
      { id: "reason", keys: ["w"], label: () => t("Write why"), group, run: () => this.querySelector<HTMLElement>("#reason")?.focus(), when: () => task() && !!this.kind?.task && this.kind.asksReason },
      { id: "reveal", keys: ["r"], label: () => t("Show hidden content while held"), group, run: () => void this.reveal(), when: () => !!this.task?.care },
      { id: "leave", keys: ["Escape"], label: () => t("Hide; twice: leave, paid"), group, run: this.escape, when: () => !!this.task?.care, always: true, fixed: true },
      { id: "out", keys: ["Escape"], label: () => t("Out of a text field"), group, run: this.outOfField, when: () => !this.task?.care, always: true, fixed: true },
      { id: "help", keys: ["?"], label: () => t("Show these keys"), group, run: this.help },
    ];
  }

  private help = (): void => this.querySelector("t-keys")!.show();

  private askSkip = (): void => {
    if (this.task && !this.sending) this.querySelector("t-skip")!.show();
  };

  private toggleDiff = (): void => {
    this.diff = !this.diff;
    if (this.kind) this.kind.diff = this.diff;
    this.say(this.diff ? t("Differences are marked") : t("Differences are not marked"));
  };

  private toggleGuideline = async (): Promise<void> => {
    this.open = !this.open;
    if (this.open) void this.guidelineHtml();
    await this.updateComplete;
    this.querySelector<HTMLElement>(this.open ? ".guideline" : "main")?.focus({ preventScroll: true });
  };

  /** A reply with the next task names its guideline's version; the text comes once for each version. */
  private async guidelineHtml(): Promise<void> {
    const { id, guideline } = this.task!.project;
    if (guideline.html || this.guidelines.has(guideline.version)) return;
    const found = await this.api.get<{ html: string }>(`guideline?project=${encodeURIComponent(id)}&version=${guideline.version}`).catch(() => null);
    if (found) this.guidelines.set(guideline.version, found.html);
    this.requestUpdate();
  }

  private say(text: string): void {
    // the same words twice are said twice
    this.spoken = text === this.spoken ? `${text}\u00a0` : text;
    this.requestUpdate();
  }

  // --- what is seen

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("answer") || changed.has("next")) this.shortcuts.replace("act", this.actions().map((a) => ({ id: a.id, keys: [a.key], label: () => a.label, group: () => t("This task"), run: a.run, when: () => !this.left })));
  }

  private actions(): Action[] {
    return this.kind?.task ? this.kind.actions() : [];
  }

  protected override render() {
    const { task, kind, shortcuts } = this;
    const hint = (id: string) => shortcuts.hint(id);
    const paid = (task?.progress.paid_s ?? 0) + (task && !this.left ? this.clock.read().active_ms / 1000 : 0);
    return html`
      ${frame.statusBar(task, this.home, paid, this.saved, this.help, hint("frame.help"))}
      <div class="notices">${this.notices()}</div>
      ${this.body(task, kind, hint)}
      <p class="sr" role="status" aria-live="polite">${this.spoken}</p>
      <t-keys .shortcuts=${shortcuts}></t-keys>
      <t-skip .shortcuts=${shortcuts} @skip=${(e: CustomEvent<string>) => void this.skip(e.detail)}></t-skip>`;
  }

  private notices() {
    const { refused, waiting, task } = this;
    if (refused) {
      const next = html`<button class="btn small" @click=${this.lookAgain}>${t("Next task")}</button>`;
      const signIn = html`<a class="btn small" href=${location.href}>${t("Sign in again")}</a>`;
      const dismiss = html`<button class="btn small" @click=${() => (this.refused = null)}>${t("Close")}</button>`;
      return frame.refusedNotice(refused, refused.signedOut ? signIn : this.lost ? next : dismiss);
    }
    if (task?.redo && !this.left) return frame.redoNotice(task.redo);
    if (task?.preview && !this.left) return frame.previewNotice();
    if (waiting) return frame.waitingNotice(waiting, this.now);
    const left_s = task ? (Date.parse(task.lease.expires_at) - this.now) / 1000 : Infinity;
    if (task && !this.left && left_s < WARN_BEFORE_S)
      return frame.timeNotice(left_s, () => void this.saver.touch({ answer: this.answer, reason: this.reason, active_ms: this.clock.read().active_ms }));
    return nothing;
  }

  private body(task: Task | null, kind: KindElement | null, hint: (id: string) => string) {
    const home = html`<a class="btn primary" href=${this.home}>${t("To my page")}</a>`;
    if (this.left) return frame.ending(t("You have left"), t("Your time is paid and nothing counts against you."), html`${home}<button class="btn" @click=${this.lookAgain}>${t("Other tasks")}</button>`);
    if (this.next && !isTask(this.next)) return frame.empty(this.next, this.home, `/work/${this.project}/mine/`, this.lookAgain, this.undo_s > 0 ? frame.undoButton(this.undo_s, this.undo, hint("frame.undo")) : nothing);
    if (!task || !kind) return html`<main class="desk" aria-busy="true"></main>`;
    return html`
      <div class="desk ${this.open ? "beside" : ""}">
        <main tabindex="-1" aria-labelledby="task-name">
          <h1 class="sr" id="task-name">${t("Task {n} in {project}", { n: number(task.progress.done + 1), project: task.project.name })}</h1>
          <div class="content">
            ${task.care && this.shown ? frame.uncovered(this.dose_s, this.hide) : nothing}
            ${this.concealed ? frame.cover(task.care!, this.dose_s, hint("frame.reveal"), this.reveal, this.leave) : nothing}
            <div class="matter ${this.concealed ? "concealed" : ""}">
              <section class="card prompt" aria-label=${t("Prompt")}>${conversation(task.item.messages, task.item.language)}</section>
              ${kind.task ? kind : nothing}
            </div>
          </div>
          ${kind.task && kind.asksReason ? frame.reasonField(this.reason, (text) => { this.reason = text; this.changed(); }) : nothing}
          ${frame.footer({ actions: this.actions(), hint, undo_s: this.undo_s, ready: this.complete && !this.lost, sending: this.sending, skip: this.askSkip, undo: this.undo, submit: this.submit })}
        </main>
        ${this.open ? frame.guideline(task, this.guidelines.get(task.project.guideline.version), this.toggleGuideline, hint("frame.guideline")) : nothing}
      </div>`;
  }
}

customElements.define("t-workbench", Workbench);

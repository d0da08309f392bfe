// The fixed parts of the workbench: status bar, notices, reason, footer, guideline, and what is shown when there is no task.
import { html, nothing, type TemplateResult } from "lit";
import type { Refused } from "@tutelage/api";
import type { Waiting } from "@tutelage/delivery";
import type { Action } from "@tutelage/kind";
import { kbd, prose } from "@tutelage/parts";
import type { Saved } from "@tutelage/saver";
import { dark, toggleTheme } from "@tutelage/theme";
import type { NoTask, Task } from "@tutelage/types";
import { duration, moment, money, number, t } from "@tutelage/words";

const SAVED: Record<Saved, () => string> = {
  saved: () => t("saved"),
  saving: () => t("saving …"),
  kept: () => t("on this device"),
  stopped: () => t("not saved"),
};

export const statusBar = (task: Task | null, home: string, paid_s: number, saved: Saved, help: () => void, hint: string) => html`
  <header class="bar">
    <a class="brand" href=${home}>Tutelage</a>
    ${task ? html`<span class="muted where"><span dir="auto">${task.project.name}</span> · ${t("guideline v{version}", { version: task.project.guideline.version })}</span>` : nothing}
    <span class="grow"></span>
    ${task ? progress(task, paid_s, saved) : nothing}
    <button class="link theme" @click=${turned} aria-label=${t("Dark")} title=${t("Dark")} aria-pressed=${dark()}><span class="icon" aria-hidden="true">◐</span></button>
    <button class="link" @click=${help} aria-label=${t("Keys")} aria-haspopup="dialog">${kbd(hint || "?")}</button>
  </header>`;

const turned = (event: Event): void => (event.currentTarget as HTMLElement).setAttribute("aria-pressed", String(toggleTheme()));

const progress = ({ progress: { done, left, earned_minor, currency } }: Task, paid_s: number, saved: Saved) => html`
  <span class="small muted num count">${left === undefined ? t("task {n}", { n: number(done + 1) }) : t("{n} of about {m}", { n: number(done + 1), m: number(done + left) })}</span>
  ${left === undefined ? nothing : html`<progress class="meter" max=${done + left || 1} value=${done} aria-label=${t("Tasks done")}></progress>`}
  <span class="small num paid" title=${t("{amount} so far", { amount: money(earned_minor, currency) })}>${t("{time} paid", { time: duration(paid_s) })}</span>
  <span class="tag saved ${saved}">${SAVED[saved]()}</span>`;

const notice = (tone: string, role: "alert" | "status", safe: string, said: unknown, buttons: unknown = nothing) => html`
  <div class="notice card ${tone}" role=${role}><p><strong>${safe}</strong> ${said}</p><span class="grow"></span>${buttons}</div>`;

export const waitingNotice = ({ why, again_at }: Waiting, now: number) =>
  notice("warn", "status", why.safe, html`${why.seen} <span class="num" aria-hidden="true">${t("Trying again in {n} s.", { n: Math.max(0, Math.ceil((again_at - now) / 1000)) })}</span>`);

export const refusedNotice = (why: Refused, buttons: TemplateResult) =>
  notice("bad", "alert", why.safe, html`${why.seen} ${why.expected ? t("Expected: {what}.", { what: why.expected }) : nothing} ${why.remedy}`, buttons);

export const timeNotice = (left_s: number, more: () => void) =>
  notice("warn", "status", t("Time for this task ends in {time}.", { time: duration(left_s) }), t("What you wrote is kept."), html`<button class="btn small" @click=${more}>${t("I need more time")}</button>`);

export const redoNotice = ({ why, letters }: NonNullable<Task["redo"]>) =>
  notice("stays", "status", t("A reviewer asks for this again; you are paid for it again."), html`<span dir="auto">“${why}”</span>
    ${letters.length ? html`<span class="muted">${t("In these words, {letters}.", { letters: letters.map(([theirs, mine]) => t("{theirs} is your {mine}", { theirs, mine })).join(", ") })}</span>` : nothing}`);

export const previewNotice = () =>
  notice("stays", "status", t("You see what contributors see."), t("Nothing of this is stored as a judgment, and nothing paid; only how long it takes is kept."));

export const reasonField = (value: string, input: (text: string) => void) => html`
  <section class="card reason">
    <label class="small muted" for="reason">${t("Why? One line the next expert could act on")}</label>
    <textarea id="reason" rows="2" dir="auto" .value=${value} @input=${(e: Event) => input((e.target as HTMLTextAreaElement).value)}></textarea>
  </section>`;

export const undoButton = (undo_s: number, undo: () => void, hint: string) =>
  html`<button class="btn undo" @click=${undo} ?disabled=${undo_s <= 0}>${t("Undo")} <span class="num left" aria-hidden="true">${undo_s > 0 ? undo_s : ""}</span> ${kbd(hint)}</button>`;

export interface FooterState {
  actions: Action[];
  hint: (id: string) => string;
  undo_s: number;
  ready: boolean;
  sending: boolean;
  skip: () => void;
  undo: () => void;
  submit: () => void;
}

export const footer = ({ actions, hint, undo_s, ready, sending, skip, undo, submit }: FooterState) => html`
  <footer class="acts">
    ${actions.map((a) => html`<button class="btn ${a.pressed ? "on" : ""}" aria-pressed=${a.pressed} @click=${a.run}>${a.label} ${kbd(hint(`act.${a.id}`))}</button>`)}
    <button class="btn" @click=${skip} aria-haspopup="dialog">${t("Skip, paid")} ${kbd(hint("frame.skip"))}</button>
    <span class="grow"></span>
    ${undoButton(undo_s, undo, hint("frame.undo"))}
    <button class="btn primary" @click=${submit} aria-disabled=${!ready || sending}>${sending ? t("Sending …") : t("Submit and next")} ${kbd(hint("frame.submit"))}</button>
  </footer>`;

export const guideline = (task: Task, text: string | undefined, close: () => void, hint: string) => html`
  <aside class="card guideline" aria-label=${t("Guideline")} tabindex="-1">
    <header><h2>${t("Guideline v{version}", { version: task.project.guideline.version })}</h2><button class="btn small" @click=${close}>${t("Close")} ${kbd(hint)}</button></header>
    ${text === undefined ? html`<p class="muted">${t("The guideline is on its way.")}</p>` : prose(text)}
  </aside>`;

export const cover = (care: NonNullable<Task["care"]>, dose_s: number, hint: string, reveal: () => void, leave: () => void) => html`
  <div class="cover card">
    <h2>${t("Hidden until you choose to see it")}</h2>
    <p>${t("This task may contain: {classes}.", { classes: care.classes.join(", ") })}</p>
    <p class="muted num">${dose_s > 0 ? t("{time} of today’s share is left.", { time: duration(dose_s) }) : t("Today’s share is used up. Other queues are open to you; nothing counts against you.")}</p>
    <div class="choices across">
      <button class="btn primary" ?disabled=${dose_s <= 0} @click=${reveal}>${t("Show it")} ${hint ? kbd(t("hold {key}", { key: hint })) : nothing}</button>
      <button class="btn" @click=${leave}>${t("Leave, paid")} ${kbd("Esc Esc")}</button>
    </div>
  </div>`;

export const uncovered = (dose_s: number, hide: () => void) => html`
  <div class="uncovered card"><span class="small num">${t("{time} of today’s share is left.", { time: duration(dose_s) })}</span><span class="grow"></span><button class="btn small" @click=${hide}>${t("Hide it")} ${kbd("Esc")}</button></div>`;

/** A page that says what happens next, and when. */
export const ending = (title: string, said: string, buttons: unknown) => html`
  <main class="card ending"><h1 tabindex="-1">${title}</h1><p>${said}</p><div class="choices across">${buttons}</div></main>`;

/** Nothing to do here: what to do instead, what was done, and looking again. */
export const empty = ({ none }: NoTask, home: string, mine: string, again: () => void, undo: unknown) =>
  ending(
    t("Nothing to do here now"),
    `${none.reason} ${none.when ? t("More is expected {when}.", { when: moment(none.when) }) : ""}`,
    html`<a class="btn primary" href=${none.do?.href ?? home}>${none.do?.label ?? t("Other work")}</a><a class="btn" href=${mine}>${t("What you did here")}</a><button class="btn" @click=${again}>${t("Look again")}</button>${undo}`,
  );

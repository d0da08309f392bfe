// Pieces that several kinds show alike.
import { html, nothing, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { difference, type Piece } from "@tutelage/diff";
import type { Message, Shown } from "@tutelage/types";
import { t, tn } from "@tutelage/words";

/** A printed key. One that means something only sometimes keeps its place, so that nothing moves. */
export const kbd = (key: string, now = true) => (key ? html`<kbd aria-hidden="true" class=${now ? "" : "ghost"}>${key}</kbd>` : nothing);

/** Text of people and models. The server has rendered and cleaned it; it is never HTML of ours. */
export const prose = (clean: string): TemplateResult => html`<div class="prose" dir="auto">${unsafeHTML(clean)}</div>`;

const ROLES: Record<Message["role"], () => string> = {
  system: () => t("The model was told"),
  user: () => t("A person asks"),
  assistant: () => t("The model answered"),
  tool: () => t("A tool returned"),
};

export const roleName = (role: Message["role"]): string => ROLES[role]();

export const conversation = (messages: Message[], language: string | null): TemplateResult[] =>
  messages.map((m) => html`<div class="turn ${m.role}" lang=${language ?? nothing}><p class="small muted">${roleName(m.role)}</p>${prose(m.html)}</div>`);

const marked = (pieces: Piece[]) =>
  pieces.map(({ text, only }) => (only ? html`<mark class="diff">${text}</mark>` : text));

interface CardOptions {
  on?: boolean;
  key?: string;
  against?: Shown | undefined;
  mark?: string | TemplateResult;
  language?: string | null;
  choose?: (() => void) | undefined;
}

/** One response, blinded. With `against`, its text with what only it says marked. */
export const responseCard = (shown: Shown, { on = false, key = "", against, mark = "", language = null, choose }: CardOptions = {}) => html`
  <article class="card resp ${on ? "on" : ""}" aria-label=${t("Response {label}", { label: shown.label })} @click=${choose ? (e: Event) => selecting() || (e.target as Element).closest("a,button") || choose() : nothing}>
    <h2>${kbd(key)} <span>${t("Response {label}", { label: shown.label })}</span> ${mark} <span class="grow"></span><span class="small muted num">${tn(shown.words, "{n} word", "{n} words")}</span></h2>
    ${against
      ? html`<div class="prose plain" dir="auto">${marked(difference(shown.text, against.text))}</div>`
      : html`<div lang=${language ?? nothing}>${prose(shown.html)}</div>`}
  </article>`;

/** Whether a click ended a selection: then the reader wanted the text, not the button. */
const selecting = (): boolean => !(getSelection()?.isCollapsed ?? true);

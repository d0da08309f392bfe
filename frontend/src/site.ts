// What every page has beyond its HTML: the light or dark toggle, and menus that close on Escape.

import { dark, toggleTheme } from "@tutelage/theme";

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-toggle]")) {
  button.hidden = false;
  button.setAttribute("aria-pressed", String(dark()));
  button.addEventListener("click", () => button.setAttribute("aria-pressed", String(toggleTheme())));
}

addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest<HTMLDetailsElement>("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
});

// Where a page says so, one key presses a button: only while that part of the page has the focus, never in a text field.
for (const part of document.querySelectorAll<HTMLElement>("[data-keys]")) {
  part.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).closest("textarea, input, select")) return;
    const button = part.querySelector<HTMLButtonElement>(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  if (!part.querySelector("[autofocus]")) part.focus({ preventScroll: true });
}

for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-submit]"))
  select.addEventListener("change", () => select.form?.requestSubmit());

// A part of a page that is still being worked on: fetched anew each second until it says that it is done.
const poll = async (part: HTMLElement): Promise<void> => {
  const reply = await fetch(part.dataset.poll!, { credentials: "same-origin", headers: { "X-Part": "1" }, signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (reply?.ok) {
    const said = await reply.text().catch(() => ""); // a reply may be cut off as well
    const fresh = new DOMParser().parseFromString(said, "text/html").body.firstElementChild;
    if (fresh instanceof HTMLElement) {
      const same = fresh.outerHTML === part.outerHTML; // left alone, so that what somebody selected stays selected
      if (!same) part.replaceWith(document.adoptNode(fresh));
      watch(same ? part : fresh);
      return;
    }
  }
  watch(part);
};
const watch = (part: HTMLElement): void => {
  if (part.dataset.poll) setTimeout(() => void poll(part), 1000);
};
for (const part of document.querySelectorAll<HTMLElement>("[data-poll]")) watch(part);

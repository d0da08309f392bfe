// Light or dark: what the system says, until somebody says otherwise in this browser.
const root = document.documentElement;

export const dark = (): boolean => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

/** The other one from now on, here and on every page. Gives whether it is dark. */
export const toggleTheme = (): boolean => {
  root.dataset.theme = dark() ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax${location.protocol === "https:" ? ";secure" : ""}`;
  return dark();
};

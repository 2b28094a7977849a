"use strict";
// On every page: the switch of colours, and menus that close as menus do.
(() => {
  const site = (globalThis.mmjudge ??= {});
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const themes = ["", "light", "dark"];
  const words = { "": "as the system", light: "light", dark: "dark" };

  const say = () => { button.textContent = `Colours: ${words[root.dataset.theme ?? ""]}`; };

  site.setTheme = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    say();
  };

  button.addEventListener("click", () => {
    const at = themes.indexOf(root.dataset.theme ?? "");
    const theme = themes[(at + 1) % themes.length];
    site.setTheme(theme);
    try {
      if (theme) localStorage.setItem("mmjudge-theme", theme);
      else localStorage.removeItem("mmjudge-theme");
    } catch { /* it holds for this page alone */ }
    site.themeChosen?.(theme);
  });
  say();

  /** A button that shows and hides what it controls; Escape hides it, and so does a click elsewhere if `light`. */
  site.discloses = (opener, panel, light, opened) => {
    const show = (visible) => {
      panel.hidden = !visible;
      opener.setAttribute("aria-expanded", String(visible));
      if (visible) opened?.();
    };
    opener.addEventListener("click", () => show(panel.hidden));
    for (const part of [opener, panel]) {
      part.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !panel.hidden) { show(false); opener.focus(); }
      });
    }
    if (light) {
      document.addEventListener("click", (event) => {
        if (!panel.hidden && !panel.contains(event.target) && !opener.contains(event.target)) show(false);
      });
    }
    return show;
  };
})();

"use strict";
// Before the page is drawn: that there is a script, and the colours that were chosen.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  // A script that does not come, or breaks, leaves the page that reads without.
  addEventListener("error", () => { if (!root.dataset.ready) root.classList.remove("js"); }, true);
  const known = ["light", "dark"];
  const linked = new URLSearchParams(location.hash.slice(1)).get("theme");
  let kept = null;
  try { kept = localStorage.getItem("mmjudge-theme"); } catch { /* storage may be forbidden */ }
  const theme = known.includes(linked) ? linked : kept;
  if (known.includes(theme)) root.dataset.theme = theme;
})();

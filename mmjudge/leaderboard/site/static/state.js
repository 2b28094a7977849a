"use strict";
// What the board shows, as an address: any state has its link, and Back goes to the one before.
(() => {
  const site = (globalThis.mmjudge ??= {});
  const PLAIN = ["q", "badge", "modality", "licence", "parameter"];
  const LENGTHS = [0, 25, 50, 100, -1];

  site.LENGTHS = LENGTHS;
  /** Rows of a page where none were chosen: the more columns, the fewer. */
  site.rows = (state) => state.length || (state.columns.size > 60 ? 15 : state.columns.size > 30 ? 25 : 50);

  site.fresh = (board) => ({
    q: "", badge: "", modality: "", licence: "", parameter: "", blind: true,
    sort: [], columns: new Set(board.columns.filter((c) => c.shown).map((c) => c.id)),
    page: 0, length: 0,
  });

  const same = (a, b) => a.size === b.size && [...a].every((x) => b.has(x));

  /** The part of an address behind #; empty where nothing was chosen. */
  site.written = (state, board) => {
    const fresh = site.fresh(board);
    const said = new URLSearchParams();
    for (const key of PLAIN) if (state[key]) said.set(key, state[key]);
    if (!state.blind) said.set("blind", "no");
    if (state.sort.length) said.set("sort", state.sort.map(([id, way]) => (way === "desc" ? "-" : "") + id).join(","));
    if (!same(state.columns, fresh.columns)) said.set("columns", board.columns.filter((c) => state.columns.has(c.id)).map((c) => c.id).join(",") || "none");
    if (state.length !== fresh.length) said.set("rows", state.length === -1 ? "all" : state.length);
    if (state.page) said.set("page", state.page + 1);
    const theme = document.documentElement.dataset.theme;
    if (theme && site.themeLinked) said.set("theme", theme);
    return said.toString().replaceAll("%2C", ",");
  };

  /** The state that an address says; what it says wrongly is left as it is at first. */
  site.read = (hash, board) => {
    const state = site.fresh(board);
    const said = new URLSearchParams(hash.replace(/^#/, ""));
    for (const key of PLAIN) state[key] = said.get(key) ?? "";
    state.blind = said.get("blind") !== "no";
    const known = new Set(board.columns.map((c) => c.id));
    if (said.has("columns")) {
      const wanted = said.get("columns").split(",").filter((id) => known.has(id));
      if (wanted.length || said.get("columns") === "none") state.columns = new Set(wanted);
    }
    for (const word of (said.get("sort") ?? "").split(",")) {
      const id = word.replace(/^-/, "");
      if (id === "judge" || id === "place" || known.has(id)) state.sort.push([id, word.startsWith("-") ? "desc" : "asc"]);
    }
    const rows = said.get("rows") === "all" ? -1 : Number(said.get("rows"));
    if (LENGTHS.includes(rows)) state.length = rows;
    state.page = Math.max((Number.parseInt(said.get("page") ?? "1", 10) || 1) - 1, 0);
    return state;
  };

  /** Whether an entry is to be seen. */
  site.passes = (entry, state) => {
    if (!state.blind && !entry.looks) return false;
    if (state.badge && !entry.badges.includes(state.badge)) return false;
    if (state.modality && !entry.modalities.includes(state.modality)) return false;
    if (state.licence && entry.licence !== state.licence) return false;
    if (state.parameter && !entry.parameters.includes(state.parameter)) return false;
    entry.found ??= [entry.judge, entry.revision, entry.setting, entry.licence, ...entry.badges, ...entry.parameters, ...entry.words].join("\n").toLowerCase();
    return state.q.toLowerCase().split(/\s+/).every((word) => entry.found.includes(word));
  };
})();

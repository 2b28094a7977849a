"use strict";
// The page of a board: what is chosen, its link, and what is saved of it.
(() => {
  const site = globalThis.mmjudge;
  const { board } = site;
  const holder = document.getElementById("table");
  if (!holder || !board) return;
  const $ = (id) => document.getElementById(id);
  const NAMED = ["badge", "modality", "licence", "parameter"];
  let state = site.read(location.hash, board);
  let quiet = true;
  let linked = null;
  let typed = { what: "", at: 0 };
  site.themeLinked = new URLSearchParams(location.hash.slice(1)).has("theme");
  let built = null;
  let table = null;

  const shown = () => table.rows({ search: "applied", order: "applied" }).data().toArray().map((row) => row.i);
  const chosen = () => board.columns.filter((c) => state.columns.has(c.id));

  const inWords = () => {
    if (!state.sort.length) {
      const first = board.columns.find((c) => c.id === board.overall);
      return first ? `in the order of ${first.title}` : "by name";
    }
    return "sorted by " + state.sort.map(([id, way]) => {
      const c = site.known.get(id);
      return `${c.title}, ${way === c.first ? (c.column ? "best first" : "first to last") : (c.column ? "worst first" : "last to first")}`;
    }).join(", then ");
  };

  const say = () => {
    const n = table.rows({ search: "applied" }).count();
    $("shown").textContent = `${n} of ${board.entries.length} judges, ${inWords()}; ${state.columns.size} of ${board.columns.length} columns`;
    
    pager();
  };

  /* Pages of rows. */
  const foot = site.make("div", "tools pager");
  holder.after(foot);
  const press = (text, to, off, current) => {
    const made = site.make("button", "", text);
    made.type = "button";
    made.disabled = off;
    if (current) made.setAttribute("aria-current", "page");
    made.addEventListener("click", () => { state.page = to; table.page(to).draw("page"); link(); say(); built.region.scrollTop = 0; });
    return made;
  };
  const rows = site.make("select", "");
  rows.id = "rows";
  for (const n of site.LENGTHS) rows.append(new Option({ 0: "as fits", "-1": "all" }[n] ?? String(n), String(n)));
  rows.addEventListener("change", () => { state.length = Number(rows.value); state.page = 0; apply(); link(); });
  const label = site.make("label", "", "Rows ", rows);
  const pager = () => {
    const { page, pages, recordsDisplay } = table.page.info();
    const many = recordsDisplay > 25;
    foot.hidden = !many;
    rows.value = String(state.length);
    const buttons = pages < 2 ? [] : [press("‹ Previous", page - 1, page === 0, false), ...Array.from({ length: pages }, (_, k) => k)
      .filter((k) => pages <= 9 || k === 0 || k === pages - 1 || Math.abs(k - page) < 3)
      .map((k) => press(String(k + 1), k, false, k === page)), press("Next ›", page + 1, page >= pages - 1, false)];
    const had = foot.contains(document.activeElement) && document.activeElement.textContent;
    foot.replaceChildren(label, site.make("span", "grow"), ...buttons);
    if (had) [...foot.querySelectorAll("button")].find((b) => b.textContent === had && !b.disabled)?.focus();
  };

  /* From the state to the page. */
  const mount = () => {
    const left = built?.region.scrollLeft ?? 0;
    built?.table.destroy(true);
    built = site.build(holder, state.columns);
    ({ table } = built);
    site.table = table;
    built.of = state.columns;
    built.region.scrollLeft = left;
    site.tips(built.region);
    table.search.fixed("chosen", (_, row) => site.passes(board.entries[row.i], state));
    table.on("order", () => {
      if (quiet) return;
      const sort = table.order().map(([k, way]) => [built.columns[k].id, way]);
      if (JSON.stringify(sort) === JSON.stringify(state.sort)) return;
      state.sort = sort;
      state.page = 0;
      setTimeout(() => { link(); say(); });
    });
  };
  const apply = () => {
    quiet = true;
    if (built?.of !== state.columns) mount();
    const at = new Map(built.columns.map((c, k) => [c.id, k]));
    state.sort = state.sort.filter(([id]) => at.has(id));
    table.order(state.sort.map(([id, way]) => [at.get(id), way]));
    const length = site.rows(state);
    table.page.len(length);
    const n = board.entries.filter((entry) => site.passes(entry, state)).length;
    built.region.classList.toggle("whole", (length < 0 ? n : Math.min(n, length)) <= 20);
    table.draw();
    state.page = Math.min(state.page, Math.max(table.page.info().pages - 1, 0));
    if (state.page) table.page(state.page).draw("page");
    quiet = false;
    say();
  };
  const fill = () => {
    $("find").value = state.q;
    for (const name of NAMED) {
      const select = $(name);
      if (!select) continue;
      select.value = state[name];
      if (select.value !== state[name]) { state[name] = ""; select.value = ""; }
    }
    if ($("blind")) $("blind").checked = state.blind;
    site.tick?.();
  };

  /* From the page to the address, and back. */
  const link = (what = "") => {
    const now = Date.now();
    const again = what && typed.what === what && now - typed.at < 2000;
    typed = { what, at: now };
    const written = site.written(state, board);
    if (written === location.hash.slice(1)) return;
    linked = written;
    if (again) location.replace(`#${written}`); else location.hash = written;
  };
  addEventListener("hashchange", () => {
    const hash = location.hash.slice(1);
    if (hash === linked || (hash && !hash.includes("="))) return;
    linked = hash;
    state = site.read(hash, board);
    const theme = new URLSearchParams(hash).get("theme");
    if (theme) site.setTheme(theme);
    fill();
    apply();
  });
  site.themeChosen = () => { site.themeLinked = true; link("theme"); };

  const change = (key, value, what) => { state[key] = value; state.page = 0; apply(); link(what); };
  $("find").addEventListener("input", () => change("q", $("find").value.trim(), "q"));
  for (const name of NAMED) $(name)?.addEventListener("change", () => change(name, $(name).value));
  $("blind")?.addEventListener("change", () => change("blind", $("blind").checked));

  site.discloses($("choose"), $("chooser"), false, () => {
    if (!site.tick) site.chooser($("chooser"), () => state.columns, (next) => { state.columns = next; apply(); link("columns"); });
  });
  const showSaves = site.discloses($("save"), $("saves"), true);
  $("reset").addEventListener("click", () => { state = site.fresh(board); fill(); apply(); link(); });
  $("copy").addEventListener("click", async () => {
    let said = "Link copied";
    try { await navigator.clipboard.writeText(location.href); } catch { said = "It is in the address bar"; }
    $("copy").textContent = said;
    setTimeout(() => { $("copy").textContent = "Copy link"; }, 2000);
  });

  /* What is shown, to keep. */
  const WHO = ["id", "judge", "revision", "setting", "licence"];
  const WHAT = [["", "value"], [" low95", "low"], [" high95", "high"], [" place_first", "first"], [" place_last", "last"], [" items", "items"], [" failed", "failed"]];
  $("csv").addEventListener("click", () => {
    const columns = chosen();
    const head = [...WHO, "badges", ...columns.flatMap((c) => WHAT.map(([suffix]) => c.id + suffix))];
    const body = shown().map((i) => {
      const entry = board.entries[i];
      return [...WHO.map((k) => entry[k]), entry.badges.join("; "), ...columns.flatMap((c) => WHAT.map(([, k]) => c[k][i]))];
    });
    site.save(`${board.name}-shown.csv`, "text/csv", site.csv([head, ...body]));
    showSaves(false);
  });
  $("json").addEventListener("click", () => {
    const columns = chosen();
    const cell = (c, i) => Object.fromEntries(WHAT.map(([, k]) => [k, c[k][i]]));
    const said = shown().map((i) => {
      const entry = board.entries[i];
      const cells = columns.filter((c) => c.look[i] !== "-").map((c) => [c.id, cell(c, i)]);
      return { ...Object.fromEntries(WHO.map((k) => [k, entry[k]])), badges: entry.badges, cells: Object.fromEntries(cells) };
    });
    site.save(`${board.name}-shown.json`, "application/json", JSON.stringify(said, null, 1) + "\n");
    showSaves(false);
  });

  fill();
  apply();
  performance.mark("ready");
  document.documentElement.dataset.ready = "yes";
})();

"use strict";
// Two judges, column by column; the numbers of a judge come when it is chosen.
(() => {
  const site = globalThis.mmjudge;
  const { board, make } = site;
  const out = document.getElementById("duel");
  if (!out || !board) return;
  const [a, b] = [document.getElementById("a"), document.getElementById("b")];
  const asked = new Map();
  let turn = 0;

  /** The duels of an entry with those behind it; null where it has none. */
  const load = (id) => {
    if (!asked.has(id)) {
      asked.set(id, new Promise((resolve) => {
        const script = document.createElement("script");
        script.src = `duels/${id}.js`;
        script.addEventListener("load", () => resolve(site[`duels/${id}`] ?? null));
        script.addEventListener("error", () => resolve(null));
        document.head.append(script);
      }));
    }
    return asked.get(id);
  };

  const negative = (x) => (x === null ? null : -x);
  const turned = ([column, d, low, high, p, n, better]) => [column, -d, negative(high), negative(low), p, n, -better];

  const between = async (one, two) => {
    const forth = (await load(one))?.[two];
    if (forth) return forth;
    return ((await load(two))?.[one] ?? []).map(turned);
  };

  const name = (entry) => {
    const more = entry.about.join(", ");
    return site.bdi(more ? `${entry.judge} (${more})` : entry.judge);
  };

  const row = ([id, d, low, high, p, n, better], one, two) => {
    const column = board.columns.find((c) => c.id === id);
    const link = make("a", "", site.bdi(column.title));
    link.href = `columns.html#c-${id}`;
    const head = make("th", "", make("small", "soft", column.of), " ", link);
    head.scope = "row";
    const digits = column.digits;
    const says = better ? make("td", "small", site.bdi((better > 0 ? one : two).judge), " is better") : make("td", "small soft", "cannot be told apart");
    const value = (entry) => { const v = column.value[board.entries.indexOf(entry)]; return v === null ? "–" : site.number(v, digits); };
    return make("tr", "", head, make("td", "n", value(one)), make("td", "n", value(two)),
      make("td", `n ${better > 0 ? "better" : better < 0 ? "worse" : ""}`, make("b", "", site.signed(d, digits))),
      make("td", "", low === null ? "" : `[${site.signed(low, digits)}, ${site.signed(high, digits)}]`),
      make("td", "n", site.p(p)), make("td", "n", String(n)), says);
  };

  const show = async () => {
    const mine = (turn += 1);
    const [one, two] = [a, b].map((s) => board.entries.find((e) => e.id === s.value));
    if (!one || !two || one === two) { out.replaceChildren(make("p", "soft", "Choose two different judges.")); return; }
    const found = await between(one.id, two.id);
    if (mine !== turn) return;
    if (!found.length) { out.replaceChildren(make("p", "soft", "These two have no items in common that were compared.")); return; }
    const order = new Map(board.columns.map((c, k) => [c.id, k]));
    found.sort((x, y) => order.get(x[0]) - order.get(y[0]));
    const heads = ["column", "first", "second", "difference", "95\u00a0% interval", "p, corrected", "items", "what it says"];
    const cells = heads.map((text, k) => { const th = make("th", [1, 2, 3, 5, 6].includes(k) ? "n" : "", text); th.scope = "col"; return th; });
    const table = make("table", "cells", make("thead", "", make("tr", "", ...cells)), make("tbody", "", ...found.map((r) => row(r, one, two))));
    const region = make("div", "wide", table);
    region.tabIndex = 0;
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", "Differences by column");
    const wins = found.filter((r) => r[6] > 0).length;
    const losses = found.filter((r) => r[6] < 0).length;
    const words = make("p", "", name(one), ` is better than `, name(two), ` in ${wins} of ${found.length} columns, worse in ${losses}; in ${found.length - wins - losses} the data cannot tell them apart.`);
    out.replaceChildren(words, region);
  };

  const read = () => {
    const said = new URLSearchParams(location.hash.slice(1));
    const ids = board.entries.map((e) => e.id);
    const one = ids.includes(said.get("a")) ? said.get("a") : ids[0];
    const two = ids.includes(said.get("b")) ? said.get("b") : ids.find((id) => id !== one);
    a.value = one;
    b.value = two ?? one;
    show();
  };
  const link = () => { location.hash = new URLSearchParams({ a: a.value, b: b.value }).toString(); };
  for (const select of [a, b]) select.addEventListener("change", link);
  document.getElementById("swap").addEventListener("click", () => { [a.value, b.value] = [b.value, a.value]; link(); });
  addEventListener("hashchange", () => { if (!location.hash || location.hash.includes("=")) read(); });
  read();
  document.documentElement.dataset.ready = "yes";
})();

"use strict";
// The board's table: DataTables sorts, pages and hides; what a cell shows and how it is sorted is ours.
(() => {
  const site = globalThis.mmjudge;
  const { board, make } = site;
  if (!board) return;
  const overall = board.columns.find((c) => c.id === board.overall);

  // What is missing stands last in both directions.
  const last = (order) => (a, b) => Number.isNaN(a) - Number.isNaN(b) || order(a, b) || 0;
  const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  Object.assign(globalThis.DataTable.ext.type.order, {
    "figure-asc": last((a, b) => a - b),
    "figure-desc": last((a, b) => b - a),
    "name-asc": names.compare,
    "name-desc": (a, b) => names.compare(b, a),
  });

  const key = (column) => (i) => {
    const value = column.value[i];
    if (value === null) return Number.NaN;
    return column.direction === "zero" ? Math.abs(value - column.ideal) : value;
  };

  const place = {
    id: "place", kind: "figure", of: "rank", title: "Place", first: "asc",
    key: (i) => (overall && overall.first[i] !== null ? i : Number.NaN),
    show: (i) => make("span", "", overall ? site.places(overall, i) : ""),
    explanation: "The interval of its place in the first column: 1 + how many are certainly better, to how many are not certainly worse.",
  };
  const judge = {
    id: "judge", kind: "name", of: "who", title: "Judge", first: "asc",
    key: (i) => board.entries[i].judge,
    show: (i) => site.judge(board.entries[i]),
    explanation: "A judge, its revision and its setting: one row each.",
  };
  const figure = (column) => ({
    id: column.id, kind: "figure", of: "cell", title: column.title, column,
    first: column.direction === "higher" ? "desc" : "asc",
    key: key(column), show: (i) => site.cell(column, i), explanation: column.explanation,
  });

  const every = [place, judge, ...board.columns.map(figure)];
  site.known = new Map(every.map((c) => [c.id, c]));

  const heading = (c) => {
    const th = make("th", c.of);
    th.scope = "col";
    th.dataset.column = c.id;
    if (!c.column) th.append(c.title);
    else {
      th.append(make("small", "", c.column.of), site.broken(c.title));
      if (c.column.unit) th.append(" ", make("small", "unit", c.column.unit));
    }
    return th;
  };

  const dressed = (c) => (td, _, row) => {
    if (c.id === "judge") td.scope = "row";
    const look = c.column && (c.column.look[row.i] === "-" ? "gap" : site.look(c.column, row.i));
    if (look) td.classList.add(look);
  };

  /** The table in its holder, in place of the one before: of the columns that are chosen, no others. */
  site.build = (holder, chosen) => {
    const columns = every.filter((c) => !c.column || chosen.has(c.id));
    const element = make("table", columns.length < 10 ? "ranks few" : "ranks", make("thead", "", make("tr", "", ...columns.map(heading))), make("tbody", ""));
    element.style.setProperty("--shown", columns.length - 2);
    const region = make("div", "wide board", element);
    region.tabIndex = 0;
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", "The board: judges by column");
    const table = new globalThis.DataTable(element, {
      data: board.entries.map((_, i) => ({ i })),
      columns: columns.map((c) => ({
        name: c.id, type: c.kind, className: c.of, searchable: false, data: null, defaultContent: "",
        cellType: c.id === "judge" ? "th" : "td", createdCell: dressed(c),
        orderSequence: c.first === "desc" ? ["desc", "asc"] : ["asc", "desc"],
        render: (_, kind, row) => (kind === "display" ? (c.column ? "" : c.show(row.i)) : kind === "sort" ? c.key(row.i) : ""),
      })),
      createdRow: (tr, row) => { if (!board.entries[row.i].looks) tr.classList.add("blind"); },
      autoWidth: false, deferRender: true, order: [], orderClasses: false, pageLength: 1,
      layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
      language: {
        zeroRecords: "No judge is like that. Take a filter away, or press Reset.",
        aria: { orderable: ": sort by it", orderableReverse: ": sort the other way round", orderableRemove: ": sort by it" },
      },
    });
    holder.replaceChildren(region);
    site.fills(table, region, columns);
    return { table, columns, region };
  };
})();

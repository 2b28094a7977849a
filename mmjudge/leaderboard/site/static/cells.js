"use strict";
// How numbers and cells are written: as the pages that were written without script have them.
(() => {
  const site = (globalThis.mmjudge ??= {});
  const LOOKS = { b: "best", c: "chance", l: "below", x: "biased", n: "none" };
  const formats = new Map();

  /** A number with thousands apart and a minus sign that is one. */
  site.number = (value, digits) => {
    if (!formats.has(digits)) {
      formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven" }));
    }
    const text = formats.get(digits).format(value);
    return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", "");
  };

  site.signed = (value, digits) => {
    const text = site.number(value, digits);
    return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
  };

  site.p = (value) => (value === null ? "–" : value < 0.001 ? "< 0.001" : value.toFixed(3));

  /** An element with a class and children; texts are texts, whatever they say. */
  site.make = (name, kind, ...children) => {
    const element = document.createElement(name);
    if (kind) element.className = kind;
    element.append(...children);
    return element;
  };

  /** A name that may be broken behind its underscores. */
  site.broken = (text) => {
    const whole = document.createElement("bdi");
    text.split("_").forEach((part, k) => { if (k) whole.append("_", document.createElement("wbr")); whole.append(part); });
    return whole;
  };

  const one = (text) => { const e = document.createElement("bdi"); e.textContent = text; return e; };
  site.bdi = one;

  site.places = (column, i) => {
    const first = column.first[i];
    if (first === null) return "";
    const last = column.last[i];
    return first === last ? String(first) : `${first}–${last}`;
  };

  site.look = (column, i) => LOOKS[column.look[i]] ?? "";

  const templates = {};
  const cloned = (key, build) => (templates[key] ??= build()).cloneNode(true);
  const make = site.make;

  /** What a cell holds. */
  site.cell = (column, i) => {
    const letter = column.look[i];
    if (letter === "-") return cloned("gap", () => make("span", "unseen", "not asked"));
    if (letter === "n") {
      const said = make("span", "none", "undefined");
      if (column.notes[i]) said.title = column.notes[i];
      return said;
    }
    const low = column.low[i];
    const look = site.look(column, i);
    const said = site.board.states[look];
    const span = low === null ? "" : `[${site.number(low, column.digits)}, ${site.number(column.high[i], column.digits)}]`;
    const place = site.places(column, i);
    const whole = cloned(place ? `p${letter}` : letter, () => {
      const fragment = document.createElement("div");
      fragment.className = "in";
      if (place) fragment.append(make("span", "place", make("span", "unseen", "place "), ""), " ");
      fragment.append(make("b", "", ""));
      const small = make("small", "", "");
      if (said && look !== "best") small.append(make("span", "unseen", `, ${said}`));
      fragment.append(small);
      return fragment;
    });
    if (place) whole.firstChild.append(place);
    whole.querySelector("b").textContent = site.number(column.value[i], column.digits);
    whole.lastChild.prepend(span);
    return whole;
  };

  /** A judge as the first cell of its row. */
  site.judge = (entry, root = "") => {
    const inside = make("div", "in");
    const link = make("a", "", one(entry.judge));
    link.href = `${root}judges/${entry.id}.html`;
    const about = make("small", "about");
    entry.about.forEach((text, k) => {
      if (k) about.append(" · ");
      about.append(one(text));
    });
    inside.append(link, about);
    const own = entry.badges.filter((name) => !site.board.common.includes(name));
    const { flags } = entry;
    if (own.length || flags.length) {
      const badges = make("small", "badges");
      for (const name of own) badges.append(make("span", `badge ${name.replaceAll(" ", "-")}`, name));
      if (flags.length) {
        const mark = make("span", "badge flagged", `${flags.length} ${flags.length === 1 ? "flag" : "flags"}`);
        mark.title = flags.join(", ");
        badges.append(mark);
      }
      inside.append(badges);
    }
    return inside;
  };

  /** A text that no spreadsheet takes for a formula. */
  site.defused = (value) => {
    if (typeof value !== "string") return value;
    return /^[\t\r\n]/.test(value) || /^[=+\-@＝＋－＠]/.test(value.trimStart()) ? `'${value}` : value;
  };

  site.csv = (rows) => rows.map((row) => row.map((value) => {
    const text = String(site.defused(value ?? ""));
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }).join(",")).join("\n") + "\n";

  site.save = (name, kind, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
})();

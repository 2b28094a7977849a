"use strict";
// Choosing columns by group, and what a column means where its heading is pointed at or focused.
(() => {
  const site = globalThis.mmjudge;
  const { board, make } = site;
  if (!board) return;

  const button = (text, label, press) => {
    const made = make("button", "small", text);
    made.type = "button";
    made.setAttribute("aria-label", label);
    made.addEventListener("click", press);
    return made;
  };

  /** Fill the panel once; `chosen` gives the set of columns, `changed` is told of a new one. */
  site.chooser = (panel, chosen, changed) => {
    const boxes = new Map();
    const put = (ids, on) => {
      const next = new Set(chosen());
      for (const id of ids) if (on) next.add(id); else next.delete(id);
      changed(next);
      site.tick();
    };
    const group = ([kind, heading]) => {
      const columns = board.columns.filter((c) => c.kind === kind);
      if (!columns.length) return [];
      const ids = columns.map((c) => c.id);
      const field = make("fieldset", "", make("legend", "", heading, " ", make("span", "soft", String(ids.length))));
      field.append(make("span", "both", button("all", `All of ${heading}`, () => put(ids, true)), button("none", `None of ${heading}`, () => put(ids, false))));
      const list = make("div", "ticks");
      for (const column of columns) {
        const box = make("input", "");
        box.type = "checkbox";
        box.addEventListener("change", () => put([column.id], box.checked));
        boxes.set(column.id, box);
        const label = make("label", "tick", box, " ", site.bdi(column.title));
        label.dataset.words = `${heading} ${column.title}`.toLowerCase();
        list.append(label);
      }
      field.append(list);
      return [field];
    };
    const find = make("input", "");
    find.type = "search";
    find.placeholder = "Find a column…";
    find.setAttribute("aria-label", "Find a column");
    find.addEventListener("input", () => {
      const wanted = find.value.toLowerCase();
      for (const label of panel.querySelectorAll("label.tick")) label.hidden = !label.dataset.words.includes(wanted);
      for (const field of panel.querySelectorAll("fieldset")) field.hidden = !field.querySelector("label.tick:not([hidden])");
    });
    site.tick = () => { for (const [id, box] of boxes) box.checked = chosen().has(id); };
    const first = new Set(board.columns.filter((c) => c.shown).map((c) => c.id));
    const top = make("div", "tools", find, button("As at first", "Columns as at first", () => { changed(new Set(first)); site.tick(); }));
    panel.replaceChildren(top, ...Object.entries(board.kinds).flatMap(group));
    site.tick();
  };

  // What a heading means, shown beside it; Escape hides it.
  const tip = make("div", "tip");
  tip.id = "tip";
  tip.role = "tooltip";
  tip.hidden = true;
  document.body.append(tip);

  site.tips = (region) => {
    let over = null;
    let timer = 0;
    const hide = () => { clearTimeout(timer); tip.hidden = true; over = null; };
    const show = (th) => {
      clearTimeout(timer);
      const c = site.known.get(th.dataset.column);
      const parts = [make("b", "", site.bdi(c.title)), make("p", "", site.bdi(c.explanation))];
      if (c.column) parts.push(make("p", "soft", site.bdi(c.column.facts)));
      tip.replaceChildren(...parts);
      tip.hidden = false;
      over = th;
      const box = th.getBoundingClientRect();
      const width = Math.min(340, innerWidth - 16);
      tip.style.width = `${width}px`;
      tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
      tip.style.top = `${box.bottom + 6 + tip.offsetHeight > innerHeight ? Math.max(8, box.top - tip.offsetHeight - 6) : box.bottom + 6}px`;
    };
    const heading = (event) => event.target.closest?.("th[data-column]");
    region.addEventListener("mouseover", (event) => {
      const th = heading(event);
      if (th === over && th) return;
      clearTimeout(timer);
      if (over && !th) timer = setTimeout(hide, 200);
      if (th) timer = setTimeout(() => show(th), over ? 60 : 350);
    });
    const leave = () => { clearTimeout(timer); timer = setTimeout(hide, 200); };
    region.addEventListener("mouseleave", leave);
    tip.onmouseleave = leave;
    tip.onmouseenter = () => clearTimeout(timer);
    region.addEventListener("focusin", (event) => { const th = heading(event); if (th && event.target.matches(":focus-visible")) show(th); else hide(); });
    region.addEventListener("focusout", hide);
    region.addEventListener("scroll", hide, { passive: true });
    document.onkeydown = (event) => { if (event.key === "Escape") hide(); };
    for (const control of region.querySelectorAll("th[data-column] [role=button]")) control.setAttribute("aria-describedby", "tip");
  };
})();

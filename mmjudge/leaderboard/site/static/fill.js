"use strict";
// Cells are filled where the reader looks first, and then all others while nothing else is to do:
// a table of 100 columns is sorted by moving rows whose cells are still empty.
(() => {
  const site = globalThis.mmjudge;
  const SLICE_MS = 6;
  const later = globalThis.requestIdleCallback ? (run) => requestIdleCallback(run, { timeout: 300 }) : (run) => setTimeout(run, 30);

  site.fills = (table, region, columns) => {
    const element = table.table().node();
    const body = element.tBodies[0];
    let filled = [];
    let turn = 0;

    const fill = (row, td, c) => {
      if (td.firstChild || !c.column) return;
      td.append(c.show(row.i));
      filled.push(td);
    };

    const rows = () => [...body.rows].map((tr) => [table.row(tr).data(), tr]).filter(([data]) => data);

    /** First and last of those that are in sight, with a margin. */
    const window_ = (count, at, length, size, margin) => [
      Math.max(0, Math.floor(at / size) - margin), Math.min(count - 1, Math.ceil((at + length) / size) + margin),
    ];

    const fillSight = (there) => {
      const cell = element.tHead.rows[0].lastElementChild?.offsetWidth || 136;
      const whole = region.classList.contains("whole");
      const height = there.length && body.offsetHeight ? body.offsetHeight / there.length : 50;
      const [top, bottom] = whole ? [0, there.length - 1] : window_(there.length, region.scrollTop, region.clientHeight, height, 4);
      const [left, right] = window_(columns.length, region.scrollLeft, region.clientWidth, cell, 2);
      for (let r = top; r <= bottom; r += 1) {
        const [data, tr] = there[r];
        for (let k = left; k <= right; k += 1) fill(data, tr.cells[k], columns[k]);
      }
    };

    const fillRest = (there, mine) => {
      let r = 0;
      const slice = () => {
        if (mine !== turn) return;
        const end = performance.now() + SLICE_MS;
        for (; r < there.length; r += 1) {
          if (performance.now() > end) { later(slice); return; }
          const [data, tr] = there[r];
          columns.forEach((c, k) => fill(data, tr.cells[k], c));
        }
        region.dataset.filled = "yes";
      };
      later(slice);
    };

    const sight = () => fillSight(rows());

    table.on("preDraw", () => {
      turn += 1;
      delete region.dataset.filled;
      for (const td of filled) td.textContent = "";
      filled = [];
    });
    table.on("draw", () => {
      const mine = (turn += 1);
      const there = rows();
      fillSight(there);
      requestAnimationFrame(() => setTimeout(() => fillRest(there, mine), 60));
    });
    let waiting = false;
    region.addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; sight(); });
    }, { passive: true });
  };
})();

"use strict";
// Cells are filled where the reader looks first, and then all others while nothing else is to do:
// a table of 100 columns is sorted by moving rows whose cells are still empty.
(() => {
  const site = globalThis.mmjudge;
  const SLICE_MS = 6;
  const MOST = 10_000;  // cells; of larger tables only those in sight are ever filled
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

    // Measured while nothing waits for it: to ask in the middle of a sort lays the table out twice.
    const size = { row: 50, cell: 136, top: 0, left: 0, width: 2000, height: 1200 };
    const measure = () => {
      size.top = region.scrollTop;
      size.left = region.scrollLeft;
      size.width = region.clientWidth;
      size.height = region.clientHeight;
      size.row = body.rows.length ? body.offsetHeight / body.rows.length : 50;
      size.cell = element.tHead.rows[0].lastElementChild.offsetWidth || 136;
    };

    const fillSight = (there) => {
      const whole = region.classList.contains("whole");
      const [top, bottom] = whole ? [0, there.length - 1] : window_(there.length, size.top, size.height, size.row, 4);
      const [left, right] = window_(columns.length, size.left, size.width, size.cell, 2);
      for (let r = top; r <= bottom; r += 1) {
        const [data, tr] = there[r];
        for (let k = left; k <= right; k += 1) fill(data, tr.cells[k], columns[k]);
      }
    };

    const fillRest = (there, mine) => {
      let r = 0;
      measure();
      if (there.length * columns.length > MOST) { region.dataset.filled = "sight"; return; }
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
      requestAnimationFrame(() => setTimeout(() => { if (mine === turn) fillRest(there, mine); }, 60));
    });
    let waiting = false;
    region.addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; measure(); sight(); });
    }, { passive: true });
  };
})();

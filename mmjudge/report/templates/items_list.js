// A list of which only what is in sight is there, so that its length costs nothing.

const ROW = 58; // Pixels, as the style has it.
const MARGIN = 6; // Rows above and below what is in sight.
const MOST = 250_000; // Rows: browsers cut a box that is taller than some 17 million pixels.

class List {
  /* `fill(row, item)` puts an item into a row; `chose(item, how)` is told what was chosen. */
  constructor(box, fill, chose) {
    Object.assign(this, { box, fill, chose, items: [], at: -1 });
    this.rows = box.firstElementChild;
    this.shown = new Map();
    this.planned = false;
    box.addEventListener("scroll", () => this.plan(), { passive: true });
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.choose(Number(row.dataset.place), "click");
    });
    new ResizeObserver(() => this.plan()).observe(box);
  }

  get item() {
    return this.items[this.at];
  }

  /* Other items; the one that was chosen stays so where it is among them. */
  set(items, keep) {
    this.items = items.slice(0, MOST);
    this.at = keep === undefined ? -1 : this.items.indexOf(keep);
    this.shown.clear();
    this.rows.replaceChildren();
    this.rows.style.height = `${this.items.length * ROW}px`;
    if (this.at >= 0) this.reveal();
    else this.box.scrollTop = 0;
    this.draw();
  }

  plan() {
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => {
      this.planned = false;
      this.draw();
    });
  }

  draw() {
    const top = this.box.scrollTop / ROW;
    const from = Math.max(0, Math.floor(top) - MARGIN);
    const to = Math.min(this.items.length, Math.ceil(top + this.box.clientHeight / ROW) + MARGIN);
    const wanted = new Set(this.at >= 0 ? [this.at] : []);
    for (let place = from; place < to; place += 1) wanted.add(place);
    for (const [place, row] of this.shown) {
      if (wanted.has(place)) continue;
      row.remove();
      this.shown.delete(place);
    }
    for (const place of wanted) {
      const row = this.shown.get(place) ?? this.row(place);
      row.style.top = `${place * ROW}px`;
      row.setAttribute("aria-selected", String(place === this.at));
    }
    const active = this.shown.get(this.at);
    if (active) this.box.setAttribute("aria-activedescendant", active.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  row(place) {
    const row = make("div", "row", {
      role: "option",
      id: `items-row-${place}`,
      "aria-setsize": this.items.length,
      "aria-posinset": place + 1,
      "data-place": place,
    });
    this.fill(row, this.items[place]);
    this.rows.append(row);
    this.shown.set(place, row);
    return row;
  }

  reveal() {
    const { scrollTop, clientHeight } = this.box;
    const top = this.at * ROW;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.box.scrollTop = top + ROW - clientHeight;
  }

  choose(place, how) {
    if (!this.items.length) return;
    this.at = Math.max(0, Math.min(this.items.length - 1, place));
    this.reveal();
    this.draw();
    this.chose(this.item, how);
  }

  step(by) {
    this.choose(this.at < 0 ? 0 : this.at + by, "step");
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) this.choose(this.at < 0 ? 0 : this.at + steps[event.key], "step");
    else if (event.key === "Enter") this.choose(this.at, "enter");
    else return;
    event.preventDefault();
  }
}

// The browser itself: filters and sort as controls, the address of every view, keys.

const SORTS = [["file", "as in the file"], ["sure", "surest of a wrong verdict first"], ["error", "furthest from gold: scores, rankings, lists"], ["moved", "moved by most probes first"]];
const WAIT = 150; // Milliseconds that typing rests before it is searched.
const HERE = "#items?";
const NARROW = matchMedia("(max-width: 700px)"); // As the style has it.
const MANY = 12; // Of more values those that pass nothing are left out at first.

class Browser {
  constructor() {
    this.box = part("browser");
    this.data = new Data();
    this.query = "";
    this.sort = "file";
    this.searching = 0;
  }

  async start() {
    this.box.hidden = false;
    const index = await this.data.start();
    this.filters = new Filters(index);
    this.known = new Map(this.filters.facets.map((facet) => [facet.key, facet]));
    this.detail = new Detail(part("detail"), this.data, this.filters, () => this.back());
    this.list = new List(part("list"), (row, item) => this.fill(row, item), (item, how) => this.chose(item, how));
    this.controls();
    this.keys();
    this.last = location.hash;
    for (const event of ["popstate", "hashchange"]) addEventListener(event, () => this.follow());
    const { preset } = this.data.config;
    this.begun = new URLSearchParams(preset.flatMap(([key, values]) => values.map((value) => [key, value])));
    const linked = location.hash.startsWith(HERE);
    await this.open(linked ? location.hash.slice(HERE.length) : this.begun);
    if (linked) this.box.closest("section")?.scrollIntoView();
    this.box.dataset.at = performance.now();
    this.box.dataset.ready = "1";
  }

  // The address.

  params() {
    const made = new URLSearchParams();
    for (const { key, chosen } of this.filters.facets) for (const name of chosen) made.append(key, name);
    if (this.query) made.set("q", this.query);
    if (this.sort !== "file") made.set("sort", this.sort);
    return made;
  }

  link(item) {
    const made = this.params();
    if (item !== undefined) made.set("item", this.nameOf(item));
    return HERE + made;
  }

  nameOf(item) {
    const { items, tasks, protocols } = this.data.index;
    return [tasks[items.task[item]], protocols[items.protocol[item]], items.id[item]].join("/");
  }

  numberOf(name) {
    const { items } = this.data.index;
    const id = name.split("/").slice(2).join("/");
    for (let item = items.id.indexOf(id); item >= 0; item = items.id.indexOf(id, item + 1)) {
      if (this.nameOf(item) === name) return item;
    }
    return undefined;
  }

  /* Steps through the list change the address in place: Back leads out of them at once. */
  remember(push) {
    const link = this.link(this.list.item);
    if (link === this.last) return;
    this.last = link;
    history[push ? "pushState" : "replaceState"](null, "", link);
  }

  follow() {
    if (location.hash === this.last) return;
    this.last = location.hash;
    if (location.hash.startsWith(HERE)) this.open(location.hash.slice(HERE.length));
    else if (!location.hash) this.open(this.begun);
  }

  async open(address) {
    const params = new URLSearchParams(address);
    for (const facet of this.filters.facets) {
      facet.chosen = new Set(params.getAll(facet.key).filter((name) => facet.names.includes(name)));
    }
    this.query = params.get("q") ?? "";
    this.sort = SORTS.some(([key]) => key === params.get("sort")) ? params.get("sort") : "file";
    part("find").value = this.query;
    part("sort").value = this.sort;
    const item = params.has("item") ? this.numberOf(params.get("item")) : undefined;
    await this.search();
    this.apply(item);
    if (item !== undefined) {
      if (this.list.item === undefined) this.list.at = -1;
      this.detail.show(item, this.link(item));
      if (NARROW.matches) part("detail").scrollIntoView();
    }
  }

  // What passes.

  apply(keep) {
    const found = this.filters.run(this.sort);
    this.list.set(found, keep);
    this.tell(found.length);
    this.counts();
    this.chips();
    if (keep !== undefined && this.list.at >= 0) return;
    if (!found.length) this.detail.clear(this.filters.size ? "Nothing passes these filters. Take one off." : "There is no item that could be read.");
    else if (keep === undefined) {
      this.list.at = 0;
      this.list.draw();
      this.detail.show(this.list.item, this.link(this.list.item));
    }
  }

  tell(found) {
    const all = this.filters.size;
    const of = found === all ? "" : ` of ${all.toLocaleString("en")}`;
    const listed = found > MOST ? `, the first ${MOST.toLocaleString("en")} are listed` : "";
    part("count").textContent = `${found.toLocaleString("en")}${of} item${all === 1 ? "" : "s"}${listed}`;
  }

  changed(push = true) {
    this.apply(undefined);
    this.remember(push);
  }

  /* Marks the items that hold every word of the query; all words of all items are read once. */
  async search() {
    this.searching += 1;
    const turn = this.searching;
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) {
      this.filters.mask = null;
      return true;
    }
    const { starts, items } = this.data.index;
    const mask = new Uint8Array(items.id.length);
    for (let shard = 0; shard < starts.length; shard += 1) {
      if (!this.data.texts[shard]) part("count").textContent = `searching, ${Math.round((100 * shard) / starts.length)} %`;
      const texts = await this.data.text(shard);
      // Another query came meanwhile: this one's answer is of no use.
      if (turn !== this.searching) return false;
      for (let at = 0; at < texts.length; at += 1) mask[starts[shard] + at] = words.every((word) => texts[at].includes(word)) ? 1 : 0;
    }
    this.filters.mask = mask;
    return true;
  }

  async typed() {
    this.query = part("find").value.trim();
    try {
      if (await this.search()) this.changed(false);
    } catch (error) {
      part("count").textContent = error.message;
    }
  }

  // Controls.

  controls() {
    const { sure, error } = this.filters.units;
    const known = { sure: sure.some((value) => value >= 0), error: error.some((value) => value >= 0), moved: this.filters.units.moved.some((code) => code > 0) };
    part("sort").append(...SORTS.filter(([key]) => known[key] ?? true).map(([key, title]) => make("option", "", { value: key }, title)));
    part("sort").addEventListener("change", (event) => {
      this.sort = event.target.value;
      this.changed();
    });
    let resting = 0;
    part("find").addEventListener("input", () => {
      clearTimeout(resting);
      resting = setTimeout(() => this.typed(), WAIT);
    });
    part("filters").append(make("p", "small soft", {}, "Numbers are of items."), ...this.filters.facets.map((facet) => this.facet(facet)));
    part("filters-button").addEventListener("click", (event) => {
      const open = this.box.classList.toggle("filtering");
      event.currentTarget.setAttribute("aria-expanded", String(open));
    });
    part("keys-button").addEventListener("click", () => part("keys").showModal());
  }

  facet(facet) {
    const values = facet.names.map((name, place) => this.value(facet, name, place)).filter(Boolean);
    facet.box = make("details", "facet", facet.closed ? {} : { open: "" },
      make("summary", "", {}, untold(facet.title)),
      make("div", "values", { role: "group", "aria-label": facet.title }, ...values));
    return facet.box;
  }

  value(facet, name, place) {
    if (name === "") return null;
    const input = make("input", "", { type: "checkbox", value: name });
    const count = make("span", "count", {});
    input.addEventListener("change", () => {
      facet.chosen[input.checked ? "add" : "delete"](name);
      this.changed();
    });
    facet.inputs ??= [];
    const label = make("label", "value", {}, input, make("span", "name", {}, untold(facet.labels[place])), count);
    facet.inputs.push({ input, count, label, name, place });
    return label;
  }

  counts() {
    const { agreement } = this.filters;
    // One judge agrees with nobody.
    const alone = this.known.get("judge")?.chosen.size === 1;
    for (const { box } of this.filters.facets) box.hidden = false;
    if (agreement) agreement.box.hidden = alone && !agreement.chosen.size;
    for (const { inputs, counts, chosen, box } of this.filters.facets) {
      for (const { input, count, label, name, place } of inputs ?? []) {
        count.textContent = counts[place].toLocaleString("en");
        input.checked = chosen.has(name);
        label.classList.toggle("empty", counts[place] === 0 && !chosen.has(name));
        label.hidden = inputs.length > MANY && counts[place] === 0 && !chosen.has(name);
      }
      if (chosen.size) box.open = true;
      if (inputs?.every(({ label }) => label.hidden)) box.hidden = true;
    }
  }

  chips() {
    const off = (label, act) => {
      const button = make("button", "chip", { type: "button", "aria-label": `take off: ${label}` }, untold(label), " ×");
      button.addEventListener("click", () => {
        act();
        this.changed();
        part("list").focus({ preventScroll: true });
      });
      return button;
    };
    const chips = this.filters.facets.flatMap((facet) => [...facet.chosen].map((name) => off(
      `${facet.title}: ${facet.labels[facet.names.indexOf(name)]}`, () => facet.chosen.delete(name))));
    if (chips.length > 1) chips.push(off("all filters", () => this.clear()));
    part("chosen").replaceChildren(...chips);
  }

  clear() {
    for (const { chosen } of this.filters.facets) chosen.clear();
    this.query = "";
    this.filters.mask = null;
    part("find").value = "";
  }

  // The list and the item.

  fill(row, item) {
    const { items, protocols, criteria } = this.data.index;
    const { units } = this.filters;
    const passing = this.filters.passing(item);
    const some = (test) => passing.filter(test).length;
    const right = some((unit) => units.verdict[unit] === 0);
    const times = some((unit) => units.verdict[unit] === 1);
    const wrong = some((unit) => units.verdict[unit] === 2);
    const failed = some((unit) => units.failed[unit] !== 0);
    const flipped = some((unit) => units.order[unit] & 1);
    const marks = [
      right ? make("span", "mark right", {}, `✓ ${right}`) : null,
      times ? make("span", "mark", {}, `✓✗ ${times}`) : null,
      wrong ? make("span", "mark wrong", {}, `✗ ${wrong}`) : null,
      flipped ? make("span", "mark", {}, `⇄ ${flipped}`) : null,
      failed ? make("span", "mark", {}, `failed ${failed}`) : null,
    ];
    const said = [right && `${right} right`, times && `${times} right at times`, wrong && `${wrong} wrong`, flipped && `${flipped} flipped`].filter(Boolean).join(", ");
    row.append(
      make("div", "title", {}, untold(items.title[item] || `# ${items.id[item]}`)),
      make("div", "under", {}, make("span", "soft id", {}, untold(items.id[item])), ...marks.filter(Boolean)));
    row.setAttribute("aria-label", `${items.title[item] || ""} ${items.id[item]}, ${protocols[items.protocol[item]]}${said ? `, ${said}` : ""}`);
    row.title = criteria.length > 1 || this.data.index.judges.length > 1 ? "counts are of judges and criteria that pass the filters" : "";
  }

  chose(item, how) {
    this.detail.show(item, this.link(item));
    // The item begins where it can be seen; on a narrow screen it lies below the list.
    const { top } = part("detail").getBoundingClientRect();
    if (top < 0 || (NARROW.matches && how !== "step")) part("detail").scrollIntoView();
    this.remember(how !== "step");
    if (how === "enter") part("detail").focus();
  }

  back() {
    part("list").focus();
  }

  keys() {
    const acts = {
      j: () => this.list.step(1),
      k: () => this.list.step(-1),
      "/": () => part("find").focus(),
      "?": () => part("keys").showModal(),
      x: () => {
        this.clear();
        this.changed();
      },
    };
    addEventListener("keydown", (event) => {
      const { target, key } = event;
      const within = target === document.body || this.box.contains(target);
      if (!within || event.ctrlKey || event.metaKey || event.altKey || part("keys").open) return;
      if (key === "Escape" && this.box.contains(target)) this.back();
      else if (key in acts && !target.matches("input:not([type=checkbox]), select, textarea, audio, video")) {
        event.preventDefault();
        acts[key]();
      }
    });
  }
}

/* After the first paint: what can be read comes before what can be pressed. */
requestAnimationFrame(() => setTimeout(() => new Browser().start().catch((error) => {
  part("browser").hidden = false;
  part("count").textContent = `The items cannot be shown: ${error.message}`;
})));

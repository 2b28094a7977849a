// Which items pass the filters, and how many would with one more: one pass over all units.
// A unit is what one judge said of one item on one criterion; an item passes with one of its units.

const STEP = 0.5; // Scores that are nearer than this are the same one.
const NEITHER = 0;
const AGREE = 1;
const DISAGREE = 2;

/* A filter: names to choose from, and for each unit or item a code. `sets` says which names a code
   stands for, where that is several or none. */
class Facet {
  constructor(key, title, names, of, { sets = null, byItem = false, labels = null, closed = false } = {}) {
    Object.assign(this, { key, title, names, of, sets, byItem, closed });
    this.labels = labels ?? names;
    this.chosen = new Set();
    this.counts = new Uint32Array(names.length);
    this.stamps = new Int32Array(names.length);
  }

  /* How many ways there are to pass: its names, and none of them where that may be. */
  get choices() {
    const none = this.sets?.some((set, code) => set.length === 0 && this.of.includes(code)) ? 1 : 0;
    return this.names.filter((name) => name !== "").length + none;
  }

  /* For each code whether it passes. */
  allowed() {
    const size = this.sets ? this.sets.length : this.names.length;
    const found = new Uint8Array(size);
    for (let code = 0; code < size; code += 1) {
      const of = this.sets ? this.sets[code] : [code];
      found[code] = this.chosen.size === 0 || of.some((name) => this.chosen.has(this.names[name])) ? 1 : 0;
    }
    return found;
  }

  begin() {
    this.counts.fill(0);
    this.stamps.fill(-1);
    this.pass = this.allowed();
  }

  count(place, item) {
    const code = this.of[place];
    if (!this.sets) {
      this.one(code, item);
      return;
    }
    for (const name of this.sets[code]) this.one(name, item);
  }

  one(name, item) {
    if (this.stamps[name] !== item) {
      this.stamps[name] = item;
      this.counts[name] += 1;
    }
  }
}

class Filters {
  constructor(index) {
    this.index = index;
    this.units = index.units;
    this.units.said = Float64Array.from(this.units.said, (value) => value ?? NaN);
    this.size = index.items.id.length;
    this.first = firsts(this.units.item, this.size);
    this.facets = this.made();
    this.agreement = this.facets.find((facet) => facet.key === "agreement");
    this.byItem = this.facets.filter((facet) => facet.byItem);
    this.byUnit = this.facets.filter((facet) => !facet.byItem);
    this.mask = null;
  }

  made() {
    const { index, units } = this;
    const { judges } = index;
    const only = judges.map((name) => `only:${name}`);
    const bits = [...Array(8).keys()].map((code) => [0, 1, 2].filter((bit) => code & (1 << bit)));
    const said = judges.length > 1 ? new Uint16Array(units.item.length) : null;
    return [
      new Facet("verdict", "verdict", ["right", "some", "wrong", "none"], units.verdict,
        { labels: ["right", "right at times", "wrong", "no gold to go by"] }),
      new Facet("order", "asked again", ["flipped", "varied", "steady"], units.order,
        { sets: bits, labels: ["flips with the order", "varies when repeated", "stays"] }),
      new Facet("failed", "failed", index.reasons, units.failed, { sets: index.failed }),
      new Facet("agreement", "judges", ["disagree", "agree", ...only], said ?? [],
        { sets: agreements(judges.length), labels: ["disagree", "agree", ...judges.map((name) => `only ${name} is right`)] }),
      new Facet("judge", "judge", judges, units.judge),
      new Facet("criterion", "criterion", index.criteria, units.criterion),
      new Facet("protocol", "protocol", index.protocols, index.items.protocol, { byItem: true }),
      new Facet("task", "task", index.tasks, index.items.task, { byItem: true }),
      ...index.axes.map(({ name, values, of }) => new Facet(`s.${name}`, name, values, of,
        { byItem: true, labels: values.map((value) => value.replaceAll("->", " → ")), sets: values.map((_, code) => (code ? [code] : [])), closed: name !== "modality" })),
      new Facet("probe", "moved by probe", index.probes, units.moved, { sets: index.moved, closed: true }),
    ].filter((facet) => facet.of.length && facet.choices > 1);
  }

  /* What passes, in the order asked for. */
  run(sort) {
    this.judgesAgree();
    for (const facet of this.facets) facet.begin();
    const found = [];
    const worth = new Float64Array(this.size).fill(-1);
    const weigh = this.weigh(sort);
    const anyUnit = this.byUnit.some((facet) => facet.chosen.size);
    for (let item = 0; item < this.size; item += 1) {
      if (this.mask && !this.mask[item]) continue;
      const [fails, which] = failing(this.byItem, item, 0, null);
      if (fails > 1) continue;
      let passes = fails === 0 && !anyUnit && this.first[item] === this.first[item + 1];
      for (let unit = this.first[item]; unit < this.first[item + 1]; unit += 1) {
        const [all, last] = failing(this.byUnit, unit, fails, which);
        if (all === 0) {
          passes = true;
          for (const facet of this.byUnit) facet.count(unit, item);
          if (weigh) worth[item] = Math.max(worth[item], weigh(unit));
        } else if (all === 1) last.count(last.byItem ? item : unit, item);
      }
      if (!passes) continue;
      found.push(item);
      for (const facet of this.byItem) facet.count(item, item);
    }
    return weigh ? found.sort((a, b) => worth[b] - worth[a] || a - b) : found;
  }

  /* How much a unit speaks for showing its item early; none leaves the order of the file. */
  weigh(sort) {
    const { sure, error, moved, order } = this.units;
    switch (sort) {
      case "sure": return (unit) => sure[unit];
      case "error": return (unit) => error[unit];
      case "moved": return (unit) => this.index.moved[moved[unit]].length + (order[unit] & 1) / 2;
      default: return null;
    }
  }

  /* The units of an item that pass, for its row in the list. */
  passing(item) {
    const found = [];
    for (let unit = this.first[item]; unit < this.first[item + 1]; unit += 1) {
      if (failing(this.byUnit, unit, 0, null)[0] === 0) found.push(unit);
    }
    return found;
  }

  /* Whether judges say the same of an item on a criterion: among those that are chosen. */
  judgesAgree() {
    if (!this.agreement) return;
    const facet = this.facets.find(({ key }) => key === "judge");
    const { item, criterion, judge } = this.units;
    const among = this.index.judges.map((name) => !facet.chosen.size || facet.chosen.has(name));
    for (let start = 0, end = 0; start < item.length; start = end) {
      while (end < item.length && item[end] === item[start] && criterion[end] === criterion[start]) end += 1;
      const code = this.groupCode(start, end, among);
      for (let unit = start; unit < end; unit += 1) this.agreement.of[unit] = among[judge[unit]] ? code : 0;
    }
  }

  groupCode(start, end, among) {
    const { judge, said, verdict } = this.units;
    let [low, high, spoke, asked, right, only] = [Infinity, -Infinity, 0, 0, 0, -1];
    for (let unit = start; unit < end; unit += 1) {
      if (!among[judge[unit]]) continue;
      asked += 1;
      if (verdict[unit] === 0) [right, only] = [right + 1, judge[unit]];
      // A scorer's own scale is no other judge's.
      if (Number.isNaN(said[unit]) || (this.index.own[judge[unit]] && verdict[unit] === 3)) continue;
      spoke += 1;
      low = Math.min(low, said[unit]);
      high = Math.max(high, said[unit]);
    }
    const scores = this.index.protocols[this.index.items.protocol[this.units.item[start]]] === "score";
    const state = spoke < 2 ? NEITHER : high - low > (scores ? STEP : 0) ? DISAGREE : AGREE;
    const alone = asked > 1 && right === 1 ? only + 1 : 0;
    return state * (among.length + 1) + alone;
  }
}

/* How many of the facets a place does not pass, up to two, and the last such facet. */
function failing(facets, place, fails, which) {
  let [count, last] = [fails, which];
  for (let at = 0; at < facets.length && count < 2; at += 1) {
    const facet = facets[at];
    if (!facet.pass[facet.of[place]]) [count, last] = [count + 1, facet];
  }
  return [count, last];
}

/* Where the units of each item begin; they are sorted by item. */
function firsts(item, size) {
  const first = new Uint32Array(size + 1);
  for (const number of item) first[number + 1] += 1;
  for (let at = 0; at < size; at += 1) first[at + 1] += first[at];
  return first;
}

/* Names that a code of agreement stands for: 0 disagree, 1 agree, 2 and on: only that judge. */
function agreements(judges) {
  const of = { [NEITHER]: [], [AGREE]: [1], [DISAGREE]: [0] };
  const sets = [];
  for (const state of [NEITHER, AGREE, DISAGREE]) {
    for (let alone = 0; alone <= judges; alone += 1) sets.push([...of[state], ...(alone ? [alone + 1] : [])]);
  }
  return sets;
}

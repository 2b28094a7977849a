// One item with all that was said of it.

const SHORT = 60; // A reply of fewer characters, in one line, is shown without being asked for.

const share = (p) => (p < 0.005 || p > 0.995 ? p.toFixed(3) : p.toFixed(2));
const arrow = (text) => text.replaceAll("->", " → ");
const untold = (text) => make("bdi", "", {}, text);

class Detail {
  constructor(box, data, filters, back) {
    Object.assign(this, { box, data, filters, back, index: data.index });
    this.turn = 0;
  }

  async show(number, link) {
    this.turn += 1;
    const { turn } = this;
    // An item that lies in the page is there at once; a note would only flicker.
    const late = setTimeout(() => this.note("reading ..."), 150);
    let item;
    try {
      item = await this.data.item(number);
    } catch (error) {
      if (turn === this.turn) this.note(error.message, "wrong");
      return;
    } finally {
      clearTimeout(late);
    }
    // Another item was asked for meanwhile.
    if (turn !== this.turn) return;
    this.box.replaceChildren(...this.parts(number, item, link));
  }

  clear(text) {
    this.turn += 1;
    this.note(text);
  }

  note(text, kind = "soft") {
    this.box.replaceChildren(make("p", kind, {}, text));
  }

  parts(number, item, link) {
    const { items, tasks, protocols } = this.index;
    const title = make("h3", "", {}, "# ", untold(items.id[number]));
    const facts = [tasks[items.task[number]], protocols[items.protocol[number]]];
    const strata = item.x.map(([axis, value]) => make("li", "", {}, make("span", "soft", {}, untold(axis), " "), untold(arrow(value))));
    return [
      make("div", "head", {}, title, make("a", "small", { href: link }, "link to this item"), this.toList()),
      make("ul", "facts", { "aria-label": "Task, protocol and strata" },
        ...facts.map((fact) => make("li", "", {}, fact)), ...strata),
      item.n ? make("p", "small soft", {}, "Not at hand, a placeholder stands for it: ", untold(item.n)) : null,
      this.block("prompt", item.p, "prompt"),
      item.r.length ? this.block("reference", item.r, "reference") : null,
      this.candidates(item),
      ...this.criteria(number, item),
    ].filter(Boolean);
  }

  /* Where the list is out of sight. */
  toList() {
    const button = make("button", "to-list", { type: "button" }, "↑ list");
    button.addEventListener("click", () => this.back());
    return button;
  }

  block(label, parts, name) {
    return make("section", "", { "aria-label": label }, make("div", "label", {}, label), this.view(parts, name));
  }

  view(parts, name) {
    return make("div", "parts", {}, ...parts.map((one) => (typeof one === "string"
      ? make("p", "text", { dir: "auto" }, one)
      : this.medium(one, name))));
  }

  medium(one, name) {
    if (!one.t) return this.player(one, name);
    return make("figure", "", {}, this.player(one, name), make("figcaption", "small soft", {}, "in words: ", untold(one.t)));
  }

  player(one, name) {
    if (!one.f) return make("p", "none small", {}, `(${one.k} not shown: ${one.n})`);
    const src = this.data.source(one);
    const kinds = {
      image: ["img", { alt: `image, ${name}`, width: one.w, height: one.h }],
      video: ["video", { controls: "", muted: "", loop: "", playsinline: "", preload: "metadata", "aria-label": `video, ${name}` }],
      audio: ["audio", { controls: "", preload: "metadata", "aria-label": `sound, ${name}` }],
    };
    const [tag, attributes] = kinds[one.k];
    const made = make(tag, "", attributes);
    made.addEventListener("error", () => made.replaceWith(
      make("p", "none small", {}, this.data.beside ? `(${one.k} not shown: ${src} does not lie beside this page)` : `(${one.k} cannot be played here)`)));
    made.src = src;
    return made;
  }

  candidates(item) {
    const single = item.c.length === 1;
    const seen = item.c.every((one) => one.p.some((some) => ["image", "video"].includes(some.k)));
    const few = `${item.c.length < 3 ? " few" : ""}${seen && !single ? " seen" : ""}`;
    return make("section", "", { "aria-label": single ? "answer" : "candidates" },
      make("div", "label", {}, single ? "answer" : "candidates, numbered as in the file"),
      make("div", `candidates${few}`, {}, ...item.c.map((candidate, place) => make("div", "candidate", {},
        make("div", "label", {},
          single ? null : make("b", "number", {}, String(place + 1)),
          candidate.s ? make("span", "", {}, " made by ", untold(candidate.s)) : null,
          this.preferred(item, place)),
        this.view(candidate.p, single ? "answer" : `candidate ${place + 1}`)))));
  }

  /* On which criteria gold takes this candidate of two. */
  preferred(item, place) {
    const on = item.g.filter(([, words]) => words === `${place + 1} better`).map(([criterion]) => this.index.criteria[criterion]);
    if (item.c.length !== 2 || !on.length) return null;
    const said = item.g.length === 1 ? "gold: better" : `gold: better on ${on.length > 3 ? `${on.length} of ${item.g.length} criteria` : on.join(", ")}`;
    return make("span", "gold", {}, untold(said));
  }

  /* Answers by criterion and judge; first those that pass the filters, the others when asked for. */
  criteria(number, item) {
    const { judge: judges, criterion: criteria } = this.filters.units;
    const passing = this.filters.passing(number);
    const meant = new Set(passing.map((unit) => `${criteria[unit]}/${judges[unit]}`));
    const sections = [];
    const others = [];
    for (const [criterion, answers] of grouped(item.a, 1)) {
      const groups = [...grouped(answers, 0)];
      // An item that was linked to need not pass: then all of it is shown.
      const mine = groups.filter(([judge]) => !meant.size || meant.has(`${criterion}/${judge}`));
      const rest = groups.filter((group) => !mine.includes(group));
      if (mine.length) sections.push(this.criterion(item, criterion, mine));
      if (rest.length) others.push(() => this.criterion(item, criterion, rest));
    }
    if (!sections.length) return [make("p", "soft", {}, "No judge was asked about this item.")];
    if (others.length) sections.push(later("what the filters leave out of this item", () => others.map((one) => one())));
    return sections;
  }

  criterion(item, criterion, judges) {
    const name = this.index.criteria[criterion];
    const gold = item.g.find(([of]) => of === criterion);
    const people = gold
      ? make("p", "people", {}, "gold: ", make("b", "", {}, gold[1]),
        gold[2].length ? make("span", "soft small", {}, ` (each annotator: ${gold[2].join("; ")})`) : null)
      : make("p", "people soft", {}, "no gold");
    return make("section", "criterion", { "aria-label": `Verdicts on ${name}` },
      make("h4", "", {}, untold(name)), people, this.list(item, criterion, gold?.[3] ?? null, judges),
      make("div", "judges", {}, ...judges.map(([judge, answers]) => this.judge(judge, answers))));
  }

  /* Each question of a checklist, or step of a solution: what people say of it, and each judge. */
  list(item, criterion, gold, judges) {
    const questions = item.q.find(([of]) => of === criterion)?.[1];
    const said = judges.map(([judge, answers]) => [judge, answers.filter((one) => one[4] < 0)]);
    const first = said.flatMap(([, answers]) => answers).find((one) => one[12])?.[12];
    const n = questions?.length ?? gold?.length ?? first?.length;
    if (!n || (!gold && !first)) return "";
    const head = [questions ? "question" : "step", ...(gold ? ["people"] : [])].map((text) => make("th", "", { scope: "col" }, text));
    const names = said.map(([judge]) => make("th", "", { scope: "col" }, untold(this.index.judges[judge])));
    const rows = [...Array(n).keys()].map((place) => make("tr", "", {},
      make("th", "", { scope: "row" }, ...(questions ? question(questions[place]) : step(item, place))),
      gold ? make("td", "", {}, untold(gold[place])) : "",
      ...said.map(([, answers]) => make("td", "", {}, ...answers.map((answer) => word(answer[12]?.[place] ?? "failed", gold?.[place]))))));
    const title = questions ? "Each question" : "Each step";
    return make("div", "wide", { tabindex: "0", role: "region", "aria-label": `${title}, ${this.index.criteria[criterion]}` },
      make("table", "one-by-one", {}, make("thead", "", {}, make("tr", "", {}, ...head, ...names)), make("tbody", "", {}, ...rows)));
  }

  judge(judge, answers) {
    const plain = answers.filter((answer) => answer[4] < 0);
    const probed = answers.filter((answer) => answer[4] >= 0);
    const moved = probed.filter((answer) => answer[7]).length;
    return make("div", "judge", {},
      make("h5", "", {}, untold(this.index.judges[judge])),
      make("ul", "said", {}, ...plain.map((answer) => make("li", this.kind(answer), {}, ...this.answer(answer)))),
      probed.length
        ? later(`${probed.length} asked in a changed way, ${moved} moved`, () => [make("ul", "said", {},
          ...probed.map((answer) => make("li", this.kind(answer), {}, ...this.answer(answer))))])
        : null);
  }

  kind(answer) {
    return answer[6] === 1 ? "right" : answer[6] === 0 ? "wrong" : "";
  }

  answer([, , order, repeat, probe, verdict, right, moved, reason, detail, chances, raw]) {
    const mark = right === 1 ? "✓ " : right === 0 ? "✗ " : "";
    const said = reason < 0 ? verdict : `failed: ${this.index.reasons[reason]}`;
    const shown = order.includes(" ") ? `shown ${order}` : "";
    const facts = [shown, repeat ? `repeat ${repeat + 1}` : "", moved ? "moved" : ""].filter(Boolean).join(", ");
    return [
      probe < 0 ? null : make("span", "probe", {}, this.index.probes[probe]),
      make("b", "", {}, `${mark}${said}`),
      facts ? make("span", "soft small", {}, ` ${facts}`) : null,
      chances.length ? this.chances(chances, order.split(" ")) : null,
      detail ? make("div", "small", { dir: "auto" }, detail) : null,
      raw ? reply(raw) : null,
    ].filter(Boolean);
  }

  /* A letter stands for the candidate in that place as shown: the number says which it is. */
  chances(chances, order) {
    const total = chances.reduce((sum, [, p]) => sum + p, 0) || 1;
    const numbered = (name) => (order.length > 1 && /^[A-Z]$/.test(name) ? order[name.charCodeAt(0) - 65] : undefined);
    return make("ul", "chances", { "aria-label": "Probabilities of options" }, ...chances.map(([name, p]) => {
      const bar = make("span", "fill", { "aria-hidden": "true" });
      bar.style.width = `${Math.round((100 * p) / total)}%`;
      const number = numbered(name);
      return make("li", "", {}, make("span", "option", {}, untold(name), number ? ` = ${number}` : ""),
        make("span", "track", { "aria-hidden": "true" }, bar), share(p));
    }));
  }
}

function question([text, kind, depth, wanted]) {
  const note = [kind, wanted === "yes" ? "" : `wanted: ${wanted}`].filter(Boolean).join(", ");
  return [depth ? make("span", "soft", { "aria-hidden": "true" }, `${"\u2003".repeat(depth - 1)}↳ `) : "",
    depth ? make("span", "unseen", {}, "builds on another: ") : "",
    untold(text), note ? make("span", "soft small", {}, " ", untold(note)) : ""];
}

function step(item, place) {
  const part = item.c[0].p[place];
  return [make("span", "soft", {}, `${place + 1} `), untold(typeof part === "string" ? part : `(${part?.k ?? "not shown"})`)];
}

function word(said, gold) {
  if (gold === undefined) return make("span", "word", {}, untold(said));
  return make("span", said === gold ? "word right" : "word wrong", {}, said === gold ? "✓\u00a0" : "✗\u00a0", untold(said));
}

function reply(raw) {
  if (raw.length < SHORT && !raw.includes("\n")) return make("code", "raw", { dir: "auto" }, raw);
  const made = make("details", "", {}, make("summary", "", {}, `reply, ${raw.length.toLocaleString("en")} characters`));
  made.append(make("pre", "raw", { dir: "auto", tabindex: "0" }, raw));
  return made;
}

/* What is made only when it is opened: an item may have a thousand answers. */
function later(title, making) {
  const made = make("details", "", {}, make("summary", "", {}, title));
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(...making());
  });
  return made;
}

function grouped(answers, by) {
  const found = new Map();
  for (const answer of answers) {
    if (!found.has(answer[by])) found.set(answer[by], []);
    found.get(answer[by]).push(answer);
  }
  return found;
}

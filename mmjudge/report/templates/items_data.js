// What the page holds, or what lies beside it: an index of all items, and the items on demand.

const part = (name) => document.getElementById(`items-${name}`);
const held = (name) => JSON.parse(part(name).textContent);

/* An element with classes, attributes and children. Text becomes text nodes, whatever it holds:
   nothing here ever reads markup from data. */
function make(tag, classes = "", attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

/* A page that was opened from a file may not read files, but it may run scripts that lie by it.
   Each is one call that hands over a text. Only names of these files get through the policy that
   the page's rules ask for, so that no other script can be loaded. */
class Beside {
  constructor(folder, stamp) {
    this.base = `${encodeURIComponent(folder)}/`;
    this.waiting = new Map();
    const base = this.base;
    this.policy = globalThis.trustedTypes?.createPolicy("mmjudge-shards", {
      createScriptURL(url) {
        if (url.startsWith(base) && /^\d+\.js$/.test(url.slice(base.length))) return url;
        throw new TypeError(`${url}: no file of this page`);
      },
    });
    globalThis.mmjudgeShard = (of, number, text) => {
      const { done, fail } = this.waiting.get(number) ?? {};
      if (of === stamp) done?.(JSON.parse(text));
      else fail?.(new Error(`${folder}/${number}.js is of another page: copy both again`));
    };
  }

  read(number) {
    return new Promise((done, fail) => {
      this.waiting.set(number, { done, fail });
      const url = `${this.base}${number}.js`;
      const script = document.createElement("script");
      script.onload = () => script.remove();
      script.onerror = () => {
        script.remove();
        fail(new Error(`${decodeURIComponent(url)} cannot be read: it has to lie beside this page`));
      };
      script.src = this.policy ? this.policy.createScriptURL(url) : url;
      document.head.append(script);
    }).finally(() => this.waiting.delete(number));
  }

  media(file) {
    return `${this.base}media/${file}`;
  }
}

/* Items by number. Few shards are kept as objects; what was searched is kept as text. */
class Data {
  static KEPT = 24;

  constructor() {
    this.config = held("config");
    this.beside = this.config.folder ? new Beside(this.config.folder, this.config.stamp) : null;
    this.shards = new Map();
    this.texts = [];
    this.blocks = new Map();
  }

  async read(number) {
    return this.beside ? this.beside.read(number) : held(`shard-${number}`);
  }

  async start() {
    this.index = await this.read(0);
    this.count = this.index.items.id.length;
    return this.index;
  }

  shardOf(item) {
    const { starts } = this.index;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= item) low = middle;
      else high = middle;
    }
    return low;
  }

  shard(number) {
    const known = this.shards.get(number);
    if (known) return known;
    const made = this.read(number + 1);
    // One that failed is asked for again: the file may have been put there meanwhile.
    made.catch(() => this.shards.delete(number));
    this.shards.set(number, made);
    if (this.shards.size > Data.KEPT) this.shards.delete(this.shards.keys().next().value);
    return made;
  }

  async item(number) {
    const shard = this.shardOf(number);
    return (await this.shard(shard))[number - this.index.starts[shard]];
  }

  /* Where a medium is to be had: in the page as data, or beside it. */
  source(medium) {
    if (this.beside) return this.beside.media(medium.f);
    if (!this.blocks.has(medium.b)) this.blocks.set(medium.b, new Map(Object.entries(held(`media-${medium.b}`))));
    return this.blocks.get(medium.b).get(medium.f);
  }

  /* All words of each item of a shard, in small letters, to be searched. */
  async text(number) {
    if (!this.texts[number]) {
      const start = this.index.starts[number];
      const { id } = this.index.items;
      this.texts[number] = (await this.shard(number)).map((item, at) => wordsOf(id[start + at], item));
    }
    return this.texts[number];
  }
}

function wordsOf(id, item) {
  const words = [id];
  const take = (parts) => words.push(...parts.map((one) => (typeof one === "string" ? one : one.t ?? "")));
  take(item.p);
  take(item.r);
  for (const candidate of item.c) {
    take(candidate.p);
    words.push(candidate.s);
  }
  for (const pair of item.x) words.push(...pair);
  for (const answer of item.a) words.push(answer[9], answer[11]);
  return words.join("\n").toLowerCase();
}

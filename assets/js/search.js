// Search without a server. A query fetches the index, the term files of its
// words, and the pages it found; see generator/search for the files.
"use strict";
(() => {
  const root = new URL("../", document.currentScript.src).href, base = root + "_search/";
  const word = (w, v) => ((window.docentWords || {})[w] || w).replace("%s", () => v);
  const make = (tag, props, ...kids) => { const el = Object.assign(document.createElement(tag), props); el.append(...kids); return el; };
  const waiting = new Map(), loaded = new Map();
  // The files are scripts, so that they load from a disk too.
  const load = (name, version) => {
    if (!loaded.has(name)) {
      loaded.set(name, new Promise((done) => {
        waiting.set(name, done);
        const s = make("script", { src: base + name + ".js" + (version ? "?v=" + version : "") });
        s.onerror = () => { loaded.delete(name); done(null); };
        document.head.append(s);
      }));
    }
    return loaded.get(name);
  };
  const take = (prefix) => (key, data) => { const d = waiting.get(prefix + key); if (d) d(data); };
  window.docentIndex = (_, d) => waiting.get("index")(d);
  window.docentTerms = take("t");
  window.docentWords = take("v");
  window.docentBacks = take("w");
  window.docentPages = take("p");

  // Numbers and bytes in printable characters: see generator/search/pack.go.
  const digits = "!#$%&'()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";
  const value = Object.fromEntries([...digits].map((c, i) => [c, i]));
  const reader = (s) => ({
    at: 0,
    digit() { return value[s[this.at++]]; },
    number() {
      const v = this.digit();
      if (v < 64) return v;
      if (v < 86) return 64 + (v - 64) * 91 + this.digit();
      if (v < 90) return 2066 + (v - 86) * 8281 + this.digit() * 91 + this.digit();
      let n = 0;
      for (let i = 0; i < 5; i++) n = n * 91 + this.digit();
      return n;
    },
    text(n) { return s.slice(this.at, this.at += n); },
    bytes() {
      const out = new Uint8Array(this.number());
      for (let i = 0, bits = 0, acc = 0; i < out.length; acc >>= 8, bits -= 8) {
        if (bits < 8) { acc |= (this.digit() * 91 + this.digit()) << bits; bits += 13; }
        out[i++] = acc & 255;
      }
      return out;
    },
    get more() { return this.at < s.length; },
  });

  const fold = (s) => s.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/ß/g, "ss").replace(/ø/g, "o");
  const cut = (s) => (fold(s).match(/[\p{L}\p{N}_]+(?:[-.:/][\p{L}\p{N}_]+)*/gu) || []).map((w) => w.replace(/^_+|_+$/g, "").slice(0, 40)).filter(Boolean);
  const parts = (w) => w.split(/[-_.:/]+/).filter(Boolean);

  // near gives the edits between two words, up to a bound; a swap of
  // neighbours is one edit.
  const near = (a, b, bound) => {
    if (Math.abs(a.length - b.length) > bound) return bound + 1;
    let before = [], last = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      let least = i;
      for (let j = 1; j <= b.length; j++) {
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
        least = Math.min(least, row[j]);
      }
      if (least > bound) return bound + 1;
      before = last; last = row;
    }
    return last[b.length];
  };

  let index, reading;
  const ready = async () => {
    const d = await (reading ||= load("index").then(unfold));
    if (!d) reading = null; // it may be there the next time
    return d;
  };
  const unfold = (d) => {
    if (!d) return null;
    for (const kind of "tvw") d[kind] = d[kind].split(" ");
    // Where the text of a page begins: by page, the files with the section
    // that each begins with.
    const at = [[]];
    let page = 0, section = 0;
    for (let r = reader(d.x), file = 0; r.more; file++) {
      const v = r.number();
      (at[page] ||= []).push([file, section]);
      if (v & 1) { section += v >> 1; continue; }
      for (let i = 1; i < v >> 1; i++) at[page + i] = [[file, 0]];
      page += v >> 1;
      section = 0;
    }
    d.at = at;
    return index = d;
  };
  // place gives the number of the file of a kind that a name would be in.
  const place = (kind, name) => {
    let lo = 0, hi = index[kind].length;
    while (lo < hi) { const m = (lo + hi) >> 1; if (index[kind][m] <= name) lo = m + 1; else hi = m; }
    return Math.max(0, lo - 1);
  };
  const once = (make) => { const have = new Map(); return (n) => { if (!have.has(n)) have.set(n, make(n)); return have.get(n); }; };
  const termFile = once(async (n) => {
    const text = await load("t" + n, index.id), terms = new Map();
    let last = "";
    for (const r = reader(text || ""); r.more;) {
      const shared = r.digit(), rest = r.digit();
      last = last.slice(0, shared) + r.text(rest);
      const v = r.number();
      terms.set(last, [r.text(v >> 1), v & 1]);
    }
    return terms;
  });
  // The postings of a term: sections, as page * 4096 + section, with weights.
  const decode = ([list, cutOff]) => {
    const out = new Map(), r = reader(list);
    out.cutOff = cutOff;
    out.all = cutOff ? r.number() : 0;
    if (cutOff) { r.number(); r.number(); }
    let page = -1, next = 0;
    while (r.more) {
      const v = r.number();
      if (v >> 4) { page += v >> 4; next = 0; }
      let section = next + ((v >> 1) & 7);
      if (((v >> 1) & 7) === 7) section += r.number();
      out.set(page * 4096 + section, v & 1 ? r.digit() : 3);
      next = section + 1;
    }
    out.all ||= out.size;
    return out;
  };
  const pageOf = (at) => Math.floor(at / 4096), sectionOf = (at) => at % 4096;

  // The texts of a file: a line each for address, title and number of
  // sections, then three for each section.
  const textFile = once(async (n) => {
    const packed = await load("p" + n, index.id);
    if (!packed) return null;
    const stream = new Blob([reader(packed).bytes()]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const lines = (await new Response(stream).text()).split("\n"), pages = [];
    for (let i = 0; i + 2 < lines.length;) {
      const page = { u: lines[i], t: lines[i + 1], s: [] };
      const end = i + 3 + 3 * lines[i + 2];
      for (i += 3; i < end; i += 3) page.s.push([lines[i], lines[i + 1] || page.t, lines[i + 2]]);
      pages.push(page);
    }
    return pages;
  });
  // text gives a page with those of its sections that stand in the files of
  // the ones asked for.
  async function text(n, sections) {
    const files = index.at[n], wanted = new Set(sections.map((s) => files.findLast(([, first]) => first <= s)));
    const some = await Promise.all([...wanted].slice(0, 8).map(async ([file, first]) => {
      const pages = await textFile(file);
      if (!pages) return null;
      let k = n;
      while (k > 0 && index.at[k - 1].at(-1)[0] === file) k--;
      return [pages[n - k], first];
    }));
    const out = { s: [] };
    for (const got of some) if (got?.[0]) {
      Object.assign(out, { u: got[0].u, t: got[0].t });
      got[0].s.forEach((s, i) => { out.s[got[1] + i] = s; });
    }
    return out.u === undefined ? null : out;
  }

  // Terms that a word of the query stands for, each with a factor.
  async function meanings(word, prefix) {
    const found = new Map();
    const first = place("t", word), last = prefix ? Math.min(place("t", word + "\uffff"), first + 2) : first;
    const files = await Promise.all(Array.from({ length: last - first + 1 }, (_, i) => termFile(first + i)));
    // Other forms of an English word count less, and only where they lie in
    // what was loaded anyway: they cost nothing.
    const stem = word.length > 4 ? word.replace(/(ing|ed|es|s)$/, "") : word;
    const forms = /^[a-z]+$/.test(word) ? ["s", "es", "ed", "ing"].flatMap((end) => [stem + end, word + end]).concat(stem, stem + "e") : [];
    for (const terms of files) {
      if (terms.has(word)) found.set(word, [terms.get(word), 1]);
      for (const t of forms) if (t !== word && t.length > 3 && terms.has(t)) found.set(t, [terms.get(t), 0.6]);
      if (prefix) for (const [t, list] of terms) if (t !== word && t.startsWith(word)) found.set(t, [list, 0.75 * word.length / t.length]);
    }
    return found;
  }
  // Words with a common beginning.
  async function alike(kind, beginning, word) {
    let first = place(kind, beginning), last = place(kind, beginning + "\uffff");
    if (last - first > 3) { // the nearest
      first = Math.max(first, Math.min(place(kind, word) - 1, last - 3));
      last = first + 3;
    }
    const out = [];
    for (const list of await Promise.all(Array.from({ length: last - first + 1 }, (_, i) => load(kind + (first + i), index.id)))) {
      let w = "";
      for (const [, shared, rest] of (list || "").matchAll(/([0-9A-Z])([^0-9A-Z]*)/g)) out.push(w = w.slice(0, parseInt(shared, 36)) + rest);
    }
    return out;
  }
  // Of a word with a mistake, the beginning or the end is right.
  async function fuzzy(word) {
    const bound = word.length < 4 ? 0 : word.length < 8 ? 1 : 2, found = new Map();
    if (!bound) return found;
    const turn = (w) => [...w].reverse().join(""), back = turn(word), sure = bound < 2 ? (word.length - 1) >> 1 : Math.floor(word.length / 3);
    const [forth, backs] = await Promise.all([alike("v", word.slice(0, sure), word), alike("w", back.slice(0, sure), back)]);
    const close = [];
    for (const t of new Set([...forth, ...backs.map(turn)])) { const d = near(word, t, bound); if (d <= bound) close.push([d + (t[0] !== word[0]) / 2, d, t]); }
    close.sort((a, b) => a[0] - b[0] || (a[2] < b[2] ? -1 : 1));
    for (const [, d, t] of close.slice(0, 3)) {
      const terms = await termFile(place("t", t));
      if (terms.has(t)) { found.set(t, [terms.get(t), 0.5 / d]); found.fuzzy = true; }
    }
    return found;
  }

  // rank gives the pages that answer a query, best first, with the sections
  // that do.
  async function rank(query) {
    if (!(await ready())) throw new Error("the index is missing");
    const phrases = [...query.matchAll(/"([^"]+)"/g)].map((m) => m[1]);
    const open = !/["\s]$/.test(query);
    const words = cut(query.replace(/"/g, " "));
    const marks = new Set(words);
    let all = null;
    const queue = words.map((w, i) => [w, open && i === words.length - 1]);
    for (const [word, prefix] of queue) {
      let terms = word.length > 1 || /\d/.test(word) ? await meanings(word, prefix) : new Map();
      if (!terms.size && parts(word).length > 1) { queue.push(...parts(word).map((p, i, l) => [p, prefix && i === l.length - 1])); continue; }
      if (!terms.size) terms = await fuzzy(word);
      const scores = new Map();
      let soft = false;
      for (const [t, [list, factor]] of terms) {
        if (terms.fuzzy) marks.add(t);
        const l = decode(list), idf = Math.log(1 + index.p * 4 / l.all);
        soft ||= l.cutOff;
        for (const [at, w] of l) scores.set(at, Math.max(scores.get(at) || 0, w * idf * factor));
      }
      if (!terms.size && word.length < 2) continue;
      if (!all) all = [scores, soft];
      else {
        const [have, wasSoft] = all, both = new Map();
        // A page answers when its sections together hold every word.
        const pagesOf = (m) => { const s = new Map(); for (const [at, v] of m) s.set(pageOf(at), Math.max(s.get(pageOf(at)) || 0, v)); return s; };
        const a = pagesOf(have), b = pagesOf(scores);
        for (const at of new Set([...have.keys(), ...scores.keys()])) {
          const p = pageOf(at), x = have.get(at), y = scores.get(at);
          if ((a.has(p) || wasSoft) && (b.has(p) || soft)) both.set(at, (x || (a.get(p) || 0) * 0.3) + (y || (b.get(p) || 0) * 0.3));
        }
        all = [both, wasSoft && soft];
      }
    }
    const pages = new Map();
    for (const [at, v] of all ? all[0] : []) {
      const n = pageOf(at), p = pages.get(n) || { n, best: 0, sections: [] };
      p.best = Math.max(p.best, v + (sectionOf(at) ? 0 : 2));
      p.sections.push([sectionOf(at), v]);
      pages.set(n, p);
    }
    for (const p of pages.values()) p.sections.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    return { order: [...pages.values()].sort((a, b) => b.best - a.best || a.n - b.n), marks, phrases: phrases.map((p) => fold(p).replace(/\s+/g, " ").trim()) };
  }

  // hits gives the answers with their text, in order: the first as soon as it
  // is there, the others a few at a time, as they are asked for.
  async function* hits({ order, phrases }) {
    const open = async (o) => {
      const page = await text(o.n, (phrases.length ? o.sections : o.sections.slice(0, 1)).map(([s]) => s));
      if (!page || !phrases.length) return page && { ...o, page };
      const holds = (s) => phrases.every((p) => fold(s[1] + " " + s[2]).includes(p));
      const sections = [];
      page.s.forEach((s, i) => { if (holds(s)) sections.push([i, 1]); });
      return sections.length ? { ...o, page, sections } : null;
    };
    for (let i = 0, n = 1; i < order.length && i < 80; i += n, n = i > 1 ? 4 : 3) {
      for (const h of await Promise.all(order.slice(i, i + n).map(open))) if (h) yield h;
    }
  }
  async function find(query, most = 4) {
    const ranked = await rank(query), out = [];
    for await (const h of hits(ranked)) if (out.push(h) === most) break;
    return { hits: out, marks: ranked.marks, more: ranked.order.length };
  }

  // Text with the words marked.
  const marked = (text, re) => {
    const out = document.createDocumentFragment();
    let at = 0;
    if (re) for (const m of text.matchAll(re)) { out.append(text.slice(at, m.index), make("mark", { textContent: m[0] })); at = m.index + m[0].length; }
    out.append(text.slice(at));
    return out;
  };
  const excerpt = (text, re) => {
    const m = re && text.search(re);
    // At a word's edge, where there is one near.
    const from = m > 60 ? Math.max(text.lastIndexOf(" ", m - 50) + 1, m - 80) : 0;
    let to = from + 150;
    if (to < text.length) to = Math.max(text.lastIndexOf(" ", to), to - 40);
    return (from ? "… " : "") + text.slice(from, to) + (to < text.length ? " …" : "");
  };
  const address = (page, id, marks) => {
    const dir = location.protocol === "file:" ? page.u + "index.html" : page.u;
    return root + dir + "?highlight=" + encodeURIComponent([...marks].join(" ")) + (id ? "#" + id : "");
  };

  let run = 0;
  const sight = new IntersectionObserver((seen) => { for (const e of seen) if (e.isIntersecting) { sight.unobserve(e.target); e.target.more?.(); } });
  async function show(query, list, done) {
    const mine = ++run, asked = query.trim();
    if (!asked) { list.replaceChildren(); done(0); return; }
    const say = (textContent) => { list.replaceChildren(make("p", { textContent })); done(-1); };
    let got;
    try { got = await rank(query); } catch (e) { if (mine === run) say(word("The search index could not be loaded.")); return; }
    const words = [...got.marks].map((w) => w.replace(/[.*+?^${}()|[\]\\\/]/g, "\\$&")).sort((a, b) => b.length - a.length);
    const re = words.length ? new RegExp(words.join("|"), "giu") : null;
    let id = 0, count = 0;
    const link = (page, [anchor, heading, text], sub) => {
      const a = make("a", { href: address(page, anchor, got.marks), id: "hit-" + id++, className: sub ? "sub" : "" },
        make("b", {}, marked(sub ? heading : page.t, re)), make("small", {}, marked(excerpt(text, re && new RegExp(re.source, "iu")), re)));
      a.setAttribute("role", "option");
      list.append(a);
      return a;
    };
    const add = ({ page, sections }) => {
      if (!count++) list.replaceChildren();
      // Of a large page the beginning may not be there: the best section
      // stands for it.
      const first = page.s[0], shown = sections.filter(([s]) => s && page.s[s]).slice(0, first && sections.some(([s]) => !s) ? 2 : 3);
      let last = link(page, first || ["", page.t, page.s[sections[0][0]][2]], false);
      for (const [s] of shown) last = link(page, page.s[s], true);
      if (count === 1) done(1);
      return last;
    };
    const answers = hits(got);
    // Four answers, and more when the last of them comes in sight.
    const more = async () => {
      let last;
      for (let i = 0; i < 4; i++) {
        const { value } = await answers.next();
        if (mine !== run) return;
        if (!value) { last = null; break; }
        last = add(value);
      }
      if (last) { last.more = more; sight.observe(last); }
      if (!count) say(word("Nothing found for “%s”.", asked));
    };
    await more();
  }

  const wire = (input, list, open) => {
    let due, active = -1;
    const options = () => [...list.querySelectorAll("a")];
    const choose = (n) => {
      const o = options();
      if (!o.length) return;
      active = (n + o.length) % o.length;
      o.forEach((a, i) => a.setAttribute("aria-selected", i === active));
      input.setAttribute("aria-activedescendant", o[active].id);
      o[active].scrollIntoView({ block: "nearest" });
    };
    const go = () => show(input.value, list, (n) => { active = -1; open(!!input.value.trim()); if (n > 0) choose(0); });
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-autocomplete", "list");
    input.addEventListener("input", () => { clearTimeout(due); due = setTimeout(go, 60); });
    input.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown") choose(active + 1);
      else if (e.key === "ArrowUp") choose(active - 1);
      else if (e.key === "Enter" && options()[active]) location.href = options()[active].href;
      else if (e.key === "Escape") { open(false); input.blur(); }
      else return;
      e.preventDefault();
    });
    if (input.value) go();
  };

  window.docentSearch = {
    find,
    rank,
    hits,
    box(input) {
      const list = make("div", { className: "results", id: "results", hidden: true });
      list.setAttribute("role", "listbox");
      list.setAttribute("aria-label", word("Results"));
      input.parentElement.append(list);
      const open = (on) => { list.hidden = !on; input.setAttribute("aria-expanded", on); };
      wire(input, list, open);
      input.addEventListener("focus", () => { if (input.value) open(true); });
      document.addEventListener("pointerdown", (e) => { if (!input.parentElement.contains(e.target)) open(false); });
      ready();
    },
    page(box) {
      const input = box.querySelector("input"), list = box.querySelector(".results");
      list.id = "results";
      input.value = new URLSearchParams(location.search).get("q") || "";
      wire(input, list, (on) => input.setAttribute("aria-expanded", on));
      input.focus();
    },
  };
})();

// Search without a server. A query fetches the index, the term files of its
// words, and the pages it found; see generator/search for the files.
"use strict";
(() => {
  const root = new URL("../", document.currentScript.src).href, base = root + "_search/";
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
  window.docentPage = take("p");

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

  let index;
  const ready = async () => (index ||= await load("index"));
  const file = (term) => {
    let lo = 0, hi = index.t.length;
    while (lo < hi) { const m = (lo + hi) >> 1; if (index.t[m] <= term) lo = m + 1; else hi = m; }
    return Math.max(0, lo - 1);
  };
  const termFile = (n) => load("t" + n, index.v);
  const decode = (list) => {
    const out = new Map();
    let at = 0, cutOff = false;
    for (const v of list) {
      if (v < 0) { cutOff = true; continue; }
      at += v >> 5;
      out.set(at, v & 31);
    }
    out.cutOff = cutOff;
    return out;
  };

  // Terms that a word of the query stands for, each with a factor.
  async function meanings(word, prefix) {
    const found = new Map();
    const first = file(word), last = prefix ? Math.min(file(word + "\uffff"), first + 2) : first;
    const files = await Promise.all(Array.from({ length: last - first + 1 }, (_, i) => termFile(first + i)));
    // Other forms of an English word count less, and only where they lie in
    // what was loaded anyway: they cost nothing.
    const stem = word.length > 4 ? word.replace(/(ing|ed|es|s)$/, "") : word;
    const forms = /^[a-z]+$/.test(word) ? ["s", "es", "ed", "ing"].flatMap((end) => [stem + end, word + end]).concat(stem, stem + "e") : [];
    for (const terms of files) {
      if (!terms) continue;
      if (Object.hasOwn(terms, word)) found.set(word, [terms[word], 1]);
      for (const t of forms) if (t !== word && t.length > 3 && Object.hasOwn(terms, t)) found.set(t, [terms[t], 0.6]);
      if (prefix) for (const t in terms) if (t !== word && t.startsWith(word)) found.set(t, [terms[t], 0.75 * word.length / t.length]);
    }
    return found;
  }
  async function fuzzy(word) {
    const bound = word.length < 4 ? 0 : word.length < 8 ? 1 : 2, found = new Map();
    if (!bound) return found;
    const lists = await Promise.all(index.w.filter((n) => Math.abs(n - word.length) <= bound).map((n) => load("v" + n, index.v)));
    const close = [];
    for (const l of lists) for (const t of (l || "").split(" ")) { const d = near(word, t, bound); if (d <= bound && t) close.push([d, t]); }
    close.sort((a, b) => a[0] - b[0]);
    for (const [d, t] of close.slice(0, 3)) {
      const terms = await termFile(file(t));
      if (terms && Object.hasOwn(terms, t)) { found.set(t, [terms[t], 0.5 / d]); found.fuzzy = true; }
    }
    return found;
  }

  // find gives the sections that answer a query, best first.
  async function find(query) {
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
        const l = decode(list), idf = Math.log(1 + index.p * 4 / l.size);
        soft ||= l.cutOff;
        for (const [at, w] of l) scores.set(at, Math.max(scores.get(at) || 0, w * idf * factor));
      }
      if (!terms.size && word.length < 2) continue;
      if (!all) all = [scores, soft];
      else {
        const [have, wasSoft] = all, both = new Map();
        // A page answers when its sections together hold every word.
        const pagesOf = (m) => { const s = new Map(); for (const [at, v] of m) s.set(at >> 6, Math.max(s.get(at >> 6) || 0, v)); return s; };
        const a = pagesOf(have), b = pagesOf(scores);
        for (const at of new Set([...have.keys(), ...scores.keys()])) {
          const p = at >> 6, x = have.get(at), y = scores.get(at);
          if ((a.has(p) || wasSoft) && (b.has(p) || soft)) both.set(at, (x || (a.get(p) || 0) * 0.3) + (y || (b.get(p) || 0) * 0.3));
        }
        all = [both, wasSoft && soft];
      }
    }
    if (!all) return { hits: [], marks };
    const pages = new Map();
    for (const [at, v] of all[0]) {
      const p = pages.get(at >> 6) || { n: at >> 6, best: 0, sections: [] };
      p.best = Math.max(p.best, v + (at & 63 ? 0 : 2));
      p.sections.push([at & 63, v]);
      pages.set(at >> 6, p);
    }
    const order = [...pages.values()].sort((a, b) => b.best - a.best || a.n - b.n);
    const hits = [];
    for (let i = 0; i < order.length && hits.length < 8 && i < 80; i += 8) {
      const some = await Promise.all(order.slice(i, i + 8).map(async (o) => ({ ...o, page: await load("p" + o.n, index.v) })));
      for (const h of some) {
        if (!h.page) continue;
        if (phrases.length) {
          const holds = (s) => phrases.every((p) => fold(h.page.s[s][1] + " " + h.page.s[s][2]).includes(fold(p).replace(/\s+/g, " ").trim()));
          h.sections = h.page.s.map((_, s) => [s, 1]).filter(([s]) => holds(s));
          if (!h.sections.length) continue;
        }
        h.sections.sort((a, b) => b[1] - a[1]);
        hits.push(h);
      }
    }
    return { hits: hits.slice(0, 8), marks, more: order.length };
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
    let from = m > 60 ? text.lastIndexOf(" ", m - 50) + 1 : 0;
    return (from ? "… " : "") + text.slice(from, from + 150) + (text.length > from + 150 ? " …" : "");
  };
  const address = (page, id, marks) => {
    const dir = location.protocol === "file:" ? page.u + "index.html" : page.u;
    return root + dir + "?highlight=" + encodeURIComponent([...marks].join(" ")) + (id ? "#" + id : "");
  };

  let run = 0;
  async function show(query, list, done) {
    const mine = ++run;
    if (!query.trim()) { list.replaceChildren(); done(0); return; }
    let got;
    try { got = await find(query); } catch (e) {
      list.replaceChildren(make("p", { textContent: "The search index could not be loaded." }));
      done(-1);
      return;
    }
    if (mine !== run) return;
    const words = [...got.marks].map((w) => w.replace(/[.*+?^${}()|[\]\\\/]/g, "\\$&")).sort((a, b) => b.length - a.length);
    const re = words.length ? new RegExp(words.join("|"), "giu") : null;
    list.replaceChildren();
    let id = 0;
    const link = (page, s, sub) => {
      const [anchor, heading, text] = page.s[s];
      const a = make("a", { href: address(page, anchor, got.marks), id: "hit-" + id++, className: sub ? "sub" : "" },
        make("b", {}, marked(sub ? heading : page.t, re)), make("small", {}, marked(excerpt(text, re && new RegExp(re.source, "iu")), re)));
      a.setAttribute("role", "option");
      list.append(a);
    };
    for (const h of got.hits) {
      const at0 = h.sections.find(([s]) => s === 0);
      link(h.page, 0, false);
      for (const [s] of h.sections.filter(([s]) => s).slice(0, at0 ? 2 : 3)) if (h.page.s[s]) link(h.page, s, true);
    }
    if (!got.hits.length) list.append(make("p", { textContent: `Nothing found for “${query.trim()}”.` }));
    done(got.hits.length);
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
    box(input) {
      const list = make("div", { className: "results", id: "results", hidden: true });
      list.setAttribute("role", "listbox");
      list.setAttribute("aria-label", "Results");
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

// Comfort for readers. Every page is complete without it: what stands here
// only adds, and what works with it alone it makes itself: the page's HTML
// holds no button. The style keeps the room, so that nothing moves. No
// library, no request but for search when it is first used.
"use strict";

const searchScript = new URL("theme:js/search.js", document.currentScript.src).href;
const root = document.documentElement;
// A word of the theme in the language of the page.
const word = (w, v) => ((window.docentWords || {})[w] || w).replace("%s", () => v);
const $ = (sel, from = document) => from.querySelector(sel);
const all = (sel, from = document) => [...from.querySelectorAll(sel)];
const make = (tag, props = {}, ...kids) => {
  const el = Object.assign(document.createElement(tag), props);
  el.append(...kids);
  return el;
};
// Storage can be switched off; then nothing is remembered, and nothing breaks.
const store = {
  get(k) { try { return localStorage.getItem("docent-" + k); } catch { return null; } },
  set(k, v) { try { v === null ? localStorage.removeItem("docent-" + k) : localStorage.setItem("docent-" + k, v); } catch { /* not kept */ } },
};
const say = (() => {
  const live = make("div", { className: "skip" });
  live.setAttribute("role", "status");
  document.body.append(live);
  return (text) => { live.textContent = text; };
})();

// Opened from a disk, a folder's address shows its listing: name the page.
if (location.protocol === "file:") {
  for (const a of all('a[href]')) {
    const href = a.getAttribute("href");
    if (!/^[a-z]+:/i.test(href)) {
      const [path, frag] = href.split("#");
      if (/(^|\/)\.{0,2}$|\/$/.test(path) && path) a.setAttribute("href", path.replace(/\/?$/, "/") + "index.html" + (frag !== undefined ? "#" + frag : ""));
    }
  }
  for (const f of all('form[action$="/"]')) f.action += "index.html";
}

// Theme: system, light, dark, in a circle.
const themes = { system: word("Theme: as the system has it"), light: word("Theme: light"), dark: word("Theme: dark") };
const themeButton = make("button", { type: "button", className: "theme", innerHTML: '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><circle cx="12" cy="12" r="8.5" fill="none" stroke="currentColor" stroke-width="2"/><path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor"/></svg>' });
$(".top").append(themeButton);
function showTheme(t) {
  if (t === "system") delete root.dataset.theme; else root.dataset.theme = t;
  themeButton.setAttribute("aria-label", themes[t]);
  themeButton.title = themes[t];
}
function turnTheme() {
  const names = Object.keys(themes), next = names[(names.indexOf(root.dataset.theme || "system") + 1) % 3];
  store.set("theme", next === "system" ? null : next);
  showTheme(next);
  say(themes[next]);
}
showTheme(root.dataset.theme || "system");
themeButton.addEventListener("click", turnTheme);

// Drawer on narrow screens.
const tree = $("#nav"), menu = $(".menu");
function drawer(open) {
  tree.classList.toggle("open", open);
  menu.setAttribute("aria-expanded", open);
  for (const el of [$("main"), $(".top"), $("a.skip")]) el.inert = open; // Tab stays in the drawer
  if (open) ($("[aria-current]", tree) || $("a", tree)).focus({ preventScroll: true }); else menu.focus();
}
menu.setAttribute("role", "button");
menu.setAttribute("aria-controls", "nav");
menu.setAttribute("aria-expanded", "false");
menu.addEventListener("click", (e) => { e.preventDefault(); drawer(!tree.classList.contains("open")); });
$(".shut").addEventListener("click", (e) => { e.preventDefault(); drawer(false); });
document.addEventListener("click", (e) => {
  if (tree.classList.contains("open") && !tree.contains(e.target)) drawer(false);
}, true);
// On a wide screen the tree stands beside the text: nothing to close.
matchMedia("(min-width: 56.25rem)").addEventListener("change", () => { if (tree.classList.contains("open")) drawer(false); });

// The tree keeps its scroll and its branches from page to page.
try {
  const key = "docent-tree", was = JSON.parse(sessionStorage.getItem(key) || "{}");
  const name = (d) => $("summary", d).textContent;
  for (const d of all("details", tree)) if (was.open && name(d) in was.open && !$("[aria-current]", d)) d.open = was.open[name(d)];
  if (was.top) tree.scrollTop = was.top;
  const here = $("[aria-current]", tree);
  if (here) {
    const r = here.getBoundingClientRect(), t = tree.getBoundingClientRect();
    if (r.top < t.top + 20 || r.bottom > t.bottom - 20) tree.scrollTop += r.top - t.top - t.height / 3;
  }
  addEventListener("pagehide", () => {
    const open = {};
    for (const d of all("details", tree)) open[name(d)] = d.open;
    sessionStorage.setItem(key, JSON.stringify({ top: tree.scrollTop, open }));
  });
} catch { /* no storage */ }
for (const a of all("summary a", tree)) a.addEventListener("click", (e) => e.stopPropagation());

// Contents stand open beside the text, and mark the section that is being read.
const list = $(".toc details"), beside = matchMedia("(min-width: 75rem)");
if (list) {
  const stand = () => { list.open = beside.matches; $("summary", list).tabIndex = beside.matches ? -1 : 0; };
  beside.addEventListener("change", stand);
  stand();
}
const marks = new Map(all(".toc a").map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
if (marks.size) {
  const heads = [...marks.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let due = false, last;
  const follow = () => {
    due = false;
    let now = heads[0];
    for (const h of heads) if (h.getBoundingClientRect().top < 140) now = h;
    if (innerHeight + scrollY >= root.scrollHeight - 4) now = heads[heads.length - 1];
    const a = marks.get(now.id);
    if (a === last) return;
    if (last) last.removeAttribute("aria-current");
    a.setAttribute("aria-current", "true");
    const box = $(".toc"), t = a.offsetTop - box.clientHeight / 2;
    if (box.scrollHeight > box.clientHeight) box.scrollTop = t;
    last = a;
  };
  addEventListener("scroll", () => { if (!due) { due = true; requestAnimationFrame(follow); } }, { passive: true });
  follow();
}

// Listings: copy without prompts and output, wrap, fold.
function codeOf(listing) {
  const code = $("pre > code", listing).cloneNode(true);
  const prompts = "prompts" in listing.dataset;
  for (const el of all(prompts ? ".gp, .go, .ln, [data-ui]" : ".ln, [data-ui]", code)) el.remove();
  let text = code.textContent;
  if (prompts) text = text.split("\n").filter((l) => l.trim()).join("\n");
  return text.replace(/\n*$/, "\n");
}
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const t = make("textarea", { value: text });
    document.body.append(t);
    t.select();
    document.execCommand("copy");
    t.remove();
  }
  const was = button.textContent;
  button.textContent = word("Copied");
  say(button.textContent);
  setTimeout(() => { button.textContent = was; }, 1500);
}
const listings = all(".listing");
// What is measured is measured before anything is put in.
const long = listings.map((l) => { const pre = $("pre", l); return !pre.clientWidth || pre.scrollWidth > pre.clientWidth || root.classList.contains("wrap-all"); });
for (const [i, listing] of listings.entries()) {
  const pre = $("pre", listing), { dataset } = listing;
  let head = $(":scope > .listing-head", listing);
  if (!head) {
    head = make("div", { className: "listing-head" }, make("span", { textContent: dataset.name || dataset.lang }));
    head.dataset.ui = "";
    listing.prepend(head);
  }
  const tools = make("span", { className: "listing-tools" }), take = make("button", { type: "button", textContent: word("Copy"), className: "copy" });
  tools.dataset.ui = "";
  if (listing.id) {
    const link = make("a", { className: "headerlink", href: "#" + listing.id });
    link.setAttribute("aria-label", word("Link to this listing"));
    tools.append(link);
  }
  if (long[i]) {
    const wrap = make("button", { type: "button", textContent: word("Wrap"), className: "wrap" });
    wrap.setAttribute("aria-pressed", root.classList.contains("wrap-all"));
    wrap.addEventListener("click", () => {
      const now = !root.classList.contains("wrap-all");
      root.classList.toggle("wrap-all", now);
      store.set("wrap", now ? "1" : null);
      for (const b of all("button.wrap")) b.setAttribute("aria-pressed", now);
    });
    tools.append(wrap);
  }
  take.addEventListener("click", () => copy(codeOf(listing), take));
  tools.append(take);
  const down = $(".download", head);
  if (down) tools.append(down);
  head.append(tools);
  if ("fold" in dataset) {
    const lines = pre.textContent.split("\n").length;
    const b = make("button", { type: "button", className: "unfold", textContent: word("Show all %s lines", lines) });
    b.dataset.ui = "";
    pre.after(b);
    b.addEventListener("click", () => { listing.classList.add("unfolded"); b.remove(); pre.tabIndex = 0; pre.focus(); });
  }
}

// What scrolls in its own box can be reached by keyboard.
for (const box of all(".table-box, .scroll, .chart, pre")) {
  new ResizeObserver(() => { if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0; else box.removeAttribute("tabindex"); }).observe(box);
}

// Tabs, in step across pages.
for (const [i, set] of all(".tabs").entries()) {
  const panels = all(":scope > .tab", set);
  if (panels.length < 2) continue;
  const list = make("div", { className: "tablist" });
  list.setAttribute("role", "tablist");
  const tabs = panels.map((p, j) => {
    const b = make("button", { type: "button", textContent: $(".tab-label", p).textContent, id: `tab-${i}-${j}` });
    b.setAttribute("role", "tab");
    p.id ||= `panel-${i}-${j}`;
    b.setAttribute("aria-controls", p.id);
    p.setAttribute("role", "tabpanel");
    p.setAttribute("aria-labelledby", b.id);
    p.tabIndex = 0;
    list.append(b);
    return b;
  });
  set.classList.add("live");
  set.prepend(list);
  const sync = (j) => panels[j].dataset.sync || "";
  set.choose = (j, spread) => {
    panels.forEach((p, k) => {
      p.hidden = k !== j;
      tabs[k].setAttribute("aria-selected", k === j);
      tabs[k].tabIndex = k === j ? 0 : -1;
    });
    const key = sync(j);
    if (spread && key) {
      const y = list.getBoundingClientRect().top;
      store.set("tab:" + (set.dataset.group || ""), key);
      for (const other of all(".tabs.live")) if (other !== set && other.pick) other.pick(key);
      scrollBy(0, list.getBoundingClientRect().top - y);
    }
  };
  set.pick = (key) => { const j = panels.findIndex((_, k) => sync(k) === key); if (j >= 0) set.choose(j, false); return j >= 0; };
  tabs.forEach((b, j) => b.addEventListener("click", () => set.choose(j, true)));
  list.addEventListener("keydown", (e) => {
    const dir = { ArrowRight: 1, ArrowLeft: -1 }[e.key], at = tabs.indexOf(document.activeElement);
    let to = dir && (at + (root.dir === "rtl" ? -dir : dir) + tabs.length) % tabs.length;
    if (e.key === "Home") to = 0;
    if (e.key === "End") to = tabs.length - 1;
    if (to === undefined) return;
    e.preventDefault();
    set.choose(to, true);
    tabs[to].focus();
  });
  const kept = store.get("tab:" + (set.dataset.group || ""));
  if (!(kept && set.pick(kept))) set.choose(Math.max(0, panels.findIndex((p) => "selected" in p.dataset)), false);
}
function reveal() {
  const el = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!el) return;
  for (let p = el; p; p = p.parentElement) {
    if (p.matches(".tab[hidden]")) p.parentElement.choose([...p.parentElement.children].filter((c) => c.matches(".tab")).indexOf(p), false);
    if (p.matches("details")) p.open = true;
  }
  el.scrollIntoView();
}
if (location.hash) reveal();
addEventListener("hashchange", reveal);

// Your values: variables of the tutorial that the reader fills in once. They
// stay in this browser and stand in every command, and in what copy copies.
const bar = $(".values-bar"), fields = bar ? all("input", bar) : [];
const own = (n) => store.get("value:" + n);
const vars = fields.map((i) => ({ n: i.previousSibling.textContent, v: i.placeholder }));
const spots = [];
const rule = word("Letters, digits and . _ / @ : ~ + - only.");

function putValues() {
  for (const s of spots) {
    const v = own(s.name);
    s.span.classList.toggle("set", !!v);
    if (v) s.span.textContent = v; else s.span.replaceChildren(...s.html);
    s.span.title = v ? s.was : word("%s: click to put your value in", s.name);
  }
}
// A field takes a value; what a shell would take apart is refused, and said.
function takeValue(input, name, wrong) {
  input.dataset.value = name;
  input.spellcheck = false;
  input.autocomplete = "off";
  input.autocapitalize = "off";
  input.value = own(name) || "";
  input.addEventListener("input", () => {
    const fine = /^[\w./@:~+-]*$/.test(input.value);
    input.setAttribute("aria-invalid", !fine);
    wrong.textContent = fine ? "" : rule;
    if (!fine) return;
    store.set("value:" + name, input.value || null);
    for (const other of all(`input[data-value="${name}"]`)) if (other !== input) other.value = input.value;
    putValues();
  });
}
// The small form at a value in a command.
function askValue(spot) {
  const v = vars.find((v) => v.n === spot.name), wrong = make("p", { className: "wrong" }), input = make("input", { placeholder: v.v, id: "ask-value" });
  wrong.setAttribute("role", "alert");
  takeValue(input, v.n, wrong);
  const form = make("form", { className: "ask", popover: "auto" }, make("label", { textContent: v.n, htmlFor: input.id }), input, wrong,
    make("p", { textContent: $("p", bar).textContent }));
  form.dataset.ui = "";
  const done = make("button", { className: "button", textContent: word("Done") }), clear = make("button", { type: "button", className: "button", textContent: word("Clear") });
  clear.addEventListener("click", () => { input.value = ""; input.dispatchEvent(new Event("input")); input.focus(); });
  form.append(make("div", {}, done, clear));
  form.addEventListener("submit", (e) => { e.preventDefault(); form.hidePopover(); });
  form.addEventListener("toggle", (e) => { if (e.newState === "closed") { form.remove(); spot.span.focus(); } });
  document.body.append(form);
  form.showPopover();
  const at = spot.span.getBoundingClientRect(), below = at.bottom + form.offsetHeight + 16 < innerHeight;
  form.style.left = Math.max(8, Math.min(at.left, innerWidth - form.offsetWidth - 8)) + "px";
  form.style.top = (below ? at.bottom + 8 : Math.max(8, at.top - form.offsetHeight - 8)) + "px";
  input.focus();
  input.select();
}
function markValue(code, from, to) {
  const walk = document.createTreeWalker(code, NodeFilter.SHOW_TEXT), range = document.createRange();
  let at = 0, begun = false;
  for (let n; (n = walk.nextNode()); at += n.length) {
    if (!begun && from < at + n.length) { range.setStart(n, from - at); begun = true; }
    if (begun && to <= at + n.length) { range.setEnd(n, to - at); break; }
  }
  const span = make("span", { className: "val", tabIndex: 0 });
  span.setAttribute("role", "button");
  span.append(range.extractContents());
  range.insertNode(span);
  return span;
}
if (vars.length) {
  const names = vars.map((v) => v.n).join("|");
  const use = new RegExp(`\\$\\{(${names})\\}|\\$(${names})(?![A-Za-z0-9_])|(?<=^|\\n)(\\s*(?:\\$ )?export (${names})=)([^\\s;#]+)`, "g");
  for (const code of all(".listing:not(.listing-file):not(.listing-output) > pre > code", $("article"))) {
    for (const m of [...code.textContent.matchAll(use)].reverse()) { // from the end, so that places hold
      const span = markValue(code, m.index + (m[3] || "").length, m.index + m[0].length);
      const spot = { span, name: m[1] || m[2] || m[4], was: span.textContent, html: [...span.childNodes] };
      spots.push(spot);
      span.addEventListener("click", () => askValue(spot));
      span.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); askValue(spot); } });
    }
  }
}
// The lab as a script, with the reader's values in it.
$("a.lab-script")?.addEventListener("click", async (e) => {
  const mine = vars.filter((v) => own(v.n)), { href } = e.currentTarget;
  if (!mine.length) return;
  e.preventDefault();
  let text = await fetch(href).then((r) => r.text());
  for (const { n } of mine) text = text.replace(new RegExp(`^${n}=\\$\\{${n}-.*`, "m"), () => `${n}=\${${n}-'${own(n)}'}`);
  const at = URL.createObjectURL(new Blob([text], { type: "text/x-shellscript" }));
  make("a", { href: at, download: "lab.sh" }).click();
  setTimeout(() => URL.revokeObjectURL(at), 9e3);
});
if (bar) {
  const wrong = make("p", { className: "wrong" });
  wrong.setAttribute("role", "alert");
  bar.append(wrong);
  fields.forEach((input, i) => takeValue(input, vars[i].n, wrong));
  bar.addEventListener("submit", (e) => e.preventDefault());
  putValues();
}

// Pictures that are larger than the column open large.
for (const img of all("article img")) {
  const width = +img.getAttribute("width") || img.naturalWidth;
  if (img.closest("a") || width && width <= img.clientWidth) continue;
  img.tabIndex = 0;
  img.className += " zoomable";
  img.setAttribute("role", "button");
  const zoom = () => {
    const shut = make("button", { type: "button" }, make("img", { src: img.src, alt: img.alt })), box = make("dialog", { className: "zoom" }, shut);
    shut.setAttribute("aria-label", word("Close the picture: %s", img.alt));
    shut.addEventListener("click", () => box.close());
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
  };
  img.addEventListener("click", zoom);
  img.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); zoom(); } });
}

// Words that a search led here for.
const asked = new URLSearchParams(location.search).get("highlight");
if (asked && $("article")) {
  const words = asked.split(/\s+/).filter((w) => w.length > 1).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (words.length) {
    const re = new RegExp(words.join("|"), "gi"), walk = document.createTreeWalker($("article"), NodeFilter.SHOW_TEXT), found = [];
    for (let n; (n = walk.nextNode());) if (re.test(n.data) && !n.parentElement.closest("[data-ui], svg")) { found.push(n); re.lastIndex = 0; }
    for (const n of found.slice(0, 200)) {
      const parts = document.createDocumentFragment();
      let at = 0;
      for (const m of n.data.matchAll(re)) { parts.append(n.data.slice(at, m.index), make("mark", { textContent: m[0] })); at = m.index + m[0].length; }
      parts.append(n.data.slice(at));
      n.replaceWith(parts);
    }
    if (!location.hash && $("mark")) $("mark").scrollIntoView({ block: "center" });
  }
}

// Search: the script and its index come when they are first wanted.
const way = $("a.find"), find = way && make("input", { type: "search", name: "q", placeholder: way.textContent, autocomplete: "off", spellcheck: false });
if (find) {
  const key = make("kbd", { textContent: "/" }), form = make("form", { className: "find", action: way.href }, find, key);
  find.setAttribute("aria-label", word("Search this site"));
  key.setAttribute("aria-hidden", "true");
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", word("In the header"));
  way.replaceWith(form);
}
const searchField = () => find || $(".search-page input");
let searching;
function loadSearch() {
  searching ||= new Promise((done, fail) => {
    const s = make("script", { src: searchScript });
    s.addEventListener("load", () => done(window.docentSearch));
    s.addEventListener("error", fail);
    document.head.append(s);
  });
  return searching;
}
if (root.dataset.kind === "search") {
  loadSearch().then((s) => s.page($(".search-page")));
} else if (find) {
  find.addEventListener("focus", () => loadSearch().then((s) => s.box(find)), { once: true });
}

// Keys.
const keys = [["/", word("Search")], ["Ctrl K", word("Search")], ["[", word("Previous page")], ["]", word("Next page")], ["t", word("Change the theme")], ["w", word("Wrap listings")], ["?", word("This sheet")], ["Esc", word("Close")]];
let sheet;
function help() {
  if (!sheet) {
    const body = make("tbody");
    for (const [k, what] of keys) body.append(make("tr", {}, make("td", {}, make("kbd", { textContent: k })), make("td", { textContent: what })));
    const close = make("button", { type: "button", textContent: word("Close"), className: "button" });
    sheet = make("dialog", {}, make("h2", { textContent: word("Keyboard shortcuts"), id: "keys-title" }), make("table", {}, body), close);
    sheet.setAttribute("aria-labelledby", "keys-title");
    close.addEventListener("click", () => sheet.close());
    document.body.append(sheet);
  }
  sheet.showModal();
}
const keysButton = make("button", { type: "button", className: "keys", textContent: word("Keyboard shortcuts") });
keysButton.addEventListener("click", help);
$(".foot").append(keysButton);
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && tree.classList.contains("open")) drawer(false);
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") { e.preventDefault(); searchField().focus(); searchField().select(); return; }
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.isContentEditable) return;
  const go = (rel) => { const a = $(`a[rel="${rel}"]`); if (a) a.click(); };
  const act = { "/": () => searchField().focus(), "[": () => go("prev"), "]": () => go("next"), t: turnTheme,
    w: () => { const b = $("button.wrap"); if (b) b.click(); }, "?": help }[e.key];
  if (act) { e.preventDefault(); act(); }
});

// Search beside its peers, on one site, in one run: what a reader downloads
// until the first result, how large the index is, what making it costs.
// Usage: node bench-search.js [--ours] SOURCE... (folders that "go run ./bench" made)
// With --ours the peers are left out.
//
// Docent's cost is that of the whole build, the index with it; Pagefind's is
// that of indexing the built site. lunr and MiniSearch are given the text of
// the pages and measured by their whole index and library, as a page without
// a server has to load them. All sizes are compressed with gzip -9.
import { chromium as browserType } from "@playwright/test";
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import zlib from "node:zlib";
import { chromium, flags, serve } from "./serve.js";

const top = new URL("../..", import.meta.url).pathname, work = path.join(top, "build/bench-search");
const require = createRequire(import.meta.url);
const packed = (data) => zlib.gzipSync(data, { level: 9 }).length;
const kib = (n) => `${(n / 1024).toFixed(1)} KiB`;

// run gives the time and the largest memory of a program.
function run(command, args) {
  return new Promise((done, fail) => {
    const begin = performance.now(), child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
    let memory = 0, cpu = 0;
    const watch = setInterval(() => {
      try {
        memory = Math.max(memory, Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] || 0) * 1024);
        const stat = fs.readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ");
        cpu = (Number(stat[11]) + Number(stat[12])) / 100;
      } catch { /* it has ended */ }
    }, 20);
    child.on("exit", (code) => {
      clearInterval(watch);
      if (code) fail(new Error(`${command} ${args.join(" ")} ended with ${code}`));
      else done({ cpu, memory, wall: (performance.now() - begin) / 1000 });
    });
  });
}
const cost = (c) => `${c.cpu.toFixed(1)} s of processor time, ${(c.memory / (1 << 20)).toFixed(0)} MiB`;
const folder = (dir) => {
  let bytes = 0, files = 0;
  for (const f of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) if (f.isFile()) { files++; bytes += fs.statSync(path.join(f.parentPath, f.name)).size; }
  return `${(bytes / (1 << 20)).toFixed(1)} MiB in ${files} files`;
};

// texts reads the pages of a built site: address, title, text.
function texts(site) {
  const out = [];
  for (const f of fs.readdirSync(site, { recursive: true })) {
    if (!f.endsWith("index.html")) continue;
    const page = fs.readFileSync(path.join(site, f), "utf8"), article = /<article[^>]*>([\s\S]*)<\/article>/.exec(page)?.[1] || "";
    out.push({ id: f, title: /<title>([^<]*)/.exec(page)[1], text: article.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ") });
  }
  return out;
}

// whole makes the index of lunr or MiniSearch, in a process of its own.
if (process.argv[2] === "--whole") {
  const [, , , peer, site, out] = process.argv, docs = texts(site);
  let index;
  if (peer === "lunr") {
    const lunr = require("lunr");
    index = lunr(function () { this.ref("id"); this.field("title", { boost: 10 }); this.field("text"); for (const d of docs) this.add(d); });
  } else {
    const MiniSearch = require("minisearch");
    index = new (MiniSearch.default || MiniSearch)({ fields: ["title", "text"], storeFields: ["title"] });
    index.addAll(docs);
  }
  fs.writeFileSync(out, JSON.stringify(index));
  process.exit(0);
}

// ask asks every query with an empty cache and gives what was sent for it.
async function ask(browser, site, queries, question) {
  const bytes = [];
  for (const q of queries) {
    const context = await browser.newContext(), page = await context.newPage();
    await page.goto(site.url + "/search/");
    await page.waitForTimeout(300); // what comes with every page, or once a field has the focus, is counted as well
    const found = await page.evaluate(question, q);
    if (!found) throw new Error(`${q}: nothing found`);
    await page.waitForTimeout(100);
    const search = site.sent.filter((s) => /_search\/|\/search\.[a-z0-9]+\.js|^\/pagefind\//.test(s.path));
    bytes.push(search.reduce((sum, s) => sum + s.bytes, 0));
    site.sent.length = 0;
    await context.close();
  }
  bytes.sort((a, b) => a - b);
  return `${kib(bytes[bytes.length >> 1])} in the middle, ${kib(bytes.at(-1))} at most`;
}

const browser = await browserType.launch({ executablePath: chromium, args: flags });
const alone = process.argv.includes("--ours");
for (const source of process.argv.slice(2).filter((a) => a !== "--ours")) {
  const site = path.join(work, path.basename(path.dirname(path.resolve(source))));
  fs.rmSync(site, { recursive: true, force: true });
  const ours = await run(path.join(top, "bin/generator"), ["build", "--source", source, "--out", site]);
  const docs = texts(site), pages = docs.filter((d) => !/^(search|genindex|lab-report)\//.test(d.id));
  const pick = (k) => pages[Math.floor(pages.length * k)];
  const word = (p, k) => p.text.split(" ").filter((w) => /^[a-z]{5,}$/.test(w))[k];
  const queries = [pick(0.2).title.split(" · ")[0], word(pick(0.4), 30), `${word(pick(0.6), 10)} ${word(pick(0.6), 20)}`, word(pick(0.8), 40).slice(0, 5), /\b[a-z]+_[a-z]+\b/.exec(pick(0.5).text)?.[0] || word(pick(0.5), 3)];
  console.log(`\n${pages.length} pages of ${(pages.reduce((n, p) => n + p.text.length, 0) / pages.length / 1024).toFixed(1)} KiB of text; queries: ${queries.map((q) => JSON.stringify(q)).join(", ")}`);

  let at = await serve(site);
  console.log(`docent       until the first result: ${await ask(browser, at, queries, async (q) => (await window.docentSearch.find(q, 1)).hits.length)}`);
  console.log(`docent       until the four that are shown at once: ${await ask(browser, at, queries, async (q) => (await window.docentSearch.find(q)).hits.length)}`);
  // One letter of a word is left out: it is found by the words like it.
  const long = pages.map((p) => /\b[a-z]{8,12}\b/.exec(p.text)?.[0]).filter(Boolean), slip = (w) => w.slice(0, 3) + w.slice(4);
  console.log(`docent       a word with a mistake, until the first result: ${await ask(browser, at, [...new Set(long)].slice(0, 5).map(slip), async (q) => (await window.docentSearch.find(q + " ", 1)).hits.length)}`);
  at.close();
  console.log(`docent       index: ${folder(path.join(site, "_search"))}; the whole build, index included: ${cost(ours)}`);

  if (alone) continue;
  const pagefind = fs.readdirSync(path.join(top, "scripts/browser/node_modules/@pagefind"))[0];
  const theirs = await run(path.join(top, "scripts/browser/node_modules/@pagefind", pagefind, "bin/pagefind_extended"), ["--site", site]);
  at = await serve(site, { headers: false });
  console.log(`pagefind     until the first result: ${await ask(browser, at, queries, async (q) => {
    const pf = await import("/pagefind/pagefind.js"), r = await pf.search(q);
    if (r.results.length) await r.results[0].data();
    return 1; // it finds no identifier whole; what it loaded to see that counts
  })}`);
  at.close();
  console.log(`pagefind     index: ${folder(path.join(site, "pagefind"))}; indexing: ${cost(theirs)}`);
  fs.rmSync(path.join(site, "pagefind"), { recursive: true });

  for (const [peer, library] of [["lunr", require.resolve("lunr/lunr.min.js")], ["minisearch", path.join(top, "scripts/browser/node_modules/minisearch/dist/umd/index.js")]]) {
    const out = path.join(work, peer + ".json");
    try {
      const c = await run(process.execPath, ["--max-old-space-size=6000", new URL(import.meta.url).pathname, "--whole", peer, site, out]);
      const index = fs.readFileSync(out);
      console.log(`${peer.padEnd(12)} until the first result: ${kib(packed(index) + packed(fs.readFileSync(library)))} (the whole index); indexing: ${cost(c)}`);
    } catch (e) {
      console.log(`${peer.padEnd(12)} did not come to an end: ${e.message}`);
    }
  }
}
await browser.close();

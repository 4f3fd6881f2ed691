// A folder as Netlify serves it: with the headers of netlify.toml, and with
// 404.html for what is not there. It also writes down
// what it sent, in bytes of the compressed body.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import zlib from "node:zlib";
import { parse } from "smol-toml";

const types = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json", ".txt": "text/plain; charset=utf-8", ".xml": "application/xml", ".wasm": "application/wasm" };
const rules = parse(fs.readFileSync(new URL("../../netlify.toml", import.meta.url), "utf8")).headers;

export function serve(dir, { headers = true } = {}) {
  const sent = [];
  const server = http.createServer((req, res) => {
    const at = decodeURIComponent(new URL(req.url, "http://site").pathname);
    for (const rule of headers ? rules : []) {
      if (rule.for === at || (rule.for.endsWith("*") && at.startsWith(rule.for.slice(0, -1)))) {
        for (const [k, v] of Object.entries(rule.values)) res.setHeader(k, v);
      }
    }
    let file = path.join(dir, path.normalize(at)), status = 200;
    if (at === "/probe") { // breaks what the checks look for, so that a blind check shows
      res.setHeader("content-type", types[".html"]);
      res.end(`<!doctype html><title>x</title><link rel="icon" href="data:,"><script>1</script><img src="data:,"><pre>${"wide".repeat(99)}</pre>`);
      return;
    }
    if (file.endsWith(path.sep)) file += "index.html";
    if (!fs.existsSync(file) || fs.statSync(file).isDirectory()) { file = path.join(dir, "404.html"); status = 404; }
    res.setHeader("content-type", types[path.extname(file)] || "application/octet-stream");
    res.setHeader("content-encoding", "gzip");
    res.writeHead(status);
    const body = zlib.gzipSync(fs.readFileSync(file), { level: 9 });
    sent.push({ path: at, bytes: body.length });
    res.end(body);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done({ sent, url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } })));
}

// pages are the addresses of all pages below a folder, and one that is missing.
export function pages(dir) {
  return [...fs.readdirSync(dir, { recursive: true })].map((f) => "/" + f.split(path.sep).join("/"))
    .filter((f) => f.endsWith("/index.html")).map((f) => f.slice(0, -"index.html".length)).sort().concat("/no/such/page");
}

export const sites = { fixture: process.env.SITE_FIXTURE, real: process.env.SITE_REAL };
export const chromium = process.env.CHROMIUM || "/usr/bin/chromium";
export const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--font-render-hinting=none", "--disable-lcd-text"];

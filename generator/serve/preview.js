// Reloads the page when its source changed, and shows what is wrong with the
// source in a panel at the bottom, which never covers the whole page.
"use strict";
(() => {
  const make = (tag, props, ...kids) => { const el = Object.assign(document.createElement(tag), props); el.append(...kids); return el; };
  document.head.append(make("link", { rel: "stylesheet", href: "/_preview/preview.css" }));
  const panel = make("details", { className: "preview-panel", open: true, hidden: true });
  panel.dataset.ui = "";
  document.body.append(panel);
  const show = (diags) => {
    panel.hidden = !diags.length;
    if (!diags.length) return;
    const errors = diags.filter((d) => d.severity !== "warning").length;
    panel.replaceChildren(make("summary", { textContent: `${diags.length} ${diags.length === 1 ? "message" : "messages"} about the source${errors ? ", " + errors + " of them errors" : ""}` }));
    for (const d of diags.slice(0, 30)) {
      const at = d.open ? make("a", { href: d.open, textContent: d.at }) : make("span", { textContent: d.at });
      panel.append(make("p", {}, make("b", { className: d.severity === "warning" ? "w" : "e", textContent: d.severity + " " }), at, " " + d.text + " ", make("code", { textContent: d.code })));
      if (d.excerpt) panel.append(make("pre", { textContent: d.excerpt.replace(/\n$/, "") }));
    }
  };
  // A lab that ends changes what stands under the listings, not the text: the
  // reader stays where he is.
  const judge = async () => {
    const text = await (await fetch(location.href)).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const proof = ":scope > .evidence", old = (box) => [...box.querySelectorAll(proof)];
    for (const box of document.querySelectorAll("article .listing[id]")) {
      const now = fresh.getElementById(box.id);
      old(box).forEach((el) => el.remove());
      if (now) box.append(...old(now));
    }
    for (const el of document.querySelectorAll("article .lab-summary")) el.remove();
    const title = document.querySelector("article h1"), sum = fresh.querySelector("article .lab-summary");
    if (title && sum) title.after(sum);
  };
  const shown = new URL(document.currentScript.src).searchParams.get("shown") || "";
  const source = new EventSource("/_preview/events?page=" + encodeURIComponent(location.pathname) + "&shown=" + shown);
  source.addEventListener("build", (e) => {
    const got = JSON.parse(e.data);
    if (got.evidence) judge();
    if (got.reload) { sessionStorage.setItem("preview-scroll", scrollY); location.reload(); return; }
    show(got.diags);
  });
  const y = sessionStorage.getItem("preview-scroll");
  if (y !== null) { sessionStorage.removeItem("preview-scroll"); scrollTo({ top: +y, behavior: "instant" }); }
  addEventListener("pagehide", () => source.close());
})();

// What all checks share: a server per site, and a page that must not complain.
import { test as base, expect } from "@playwright/test";
import { serve, sites } from "../serve.js";

export const test = base.extend({
  // Addresses of the two sites: the fixture beside these checks, and the real one.
  at: [async ({}, use) => {
    const up = Object.fromEntries(await Promise.all(Object.entries(sites).map(async ([name, dir]) => [name, await serve(dir)])));
    await use(Object.fromEntries(Object.entries(up).map(([name, s]) => [name, s.url])));
    for (const s of Object.values(up)) s.close();
  }, { scope: "worker" }],
  // What the page complained about: errors, warnings, breaches of the policy,
  // requests to other hosts.
  complaints: async ({ page }, use) => {
    const list = [];
    page.on("console", (m) => { if (["error", "warning"].includes(m.type()) && !m.text().includes("404 (Not Found)")) list.push(m.text()); });
    page.on("pageerror", (e) => list.push(String(e)));
    page.on("request", (r) => { if (!/^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(r.url())) list.push("a request to " + r.url()); });
    await use(list);
    expect(list, "complaints").toEqual([]);
  },
});
export { expect };

export const phone = { viewport: { width: 360, height: 780 }, isMobile: true, hasTouch: true };

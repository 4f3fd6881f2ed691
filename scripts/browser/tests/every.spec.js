// Every page of both sites: no complaint under the policy, nothing scrolls
// sideways on a phone, no barrier that axe knows.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import zlib from "node:zlib";
import { pages, sites } from "../serve.js";
import { expect, phone, test } from "./site.js";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const overflow = () => {
  for (const d of document.querySelectorAll("details")) d.open = true;
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
};
async function barriers(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"], rules: { "color-contrast-enhanced": { enabled: false } } }));
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary.split("\n").slice(0, 2).join(" ")}`));
}

for (const [name, dir] of Object.entries(sites)) {
  for (const address of pages(dir)) {
    test.describe(`${name}${address}`, () => {
      test.use(phone);
      test("in both themes, on a phone", async ({ page, at, complaints }) => {
        for (const theme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
          await page.goto(at[name] + address);
          expect(await page.evaluate(overflow), "pixels sideways").toBe(0);
          expect(await barriers(page), theme).toEqual([]);
        }
      });
      test("without scripts", async ({ browser, at }) => {
        const context = await browser.newContext({ ...phone, javaScriptEnabled: false });
        const page = await context.newPage();
        await page.goto(at[name] + address);
        await expect(page.locator("h1")).toBeVisible();
        expect(await page.locator("#nav a[href]").count(), "links in the navigation").toBeGreaterThan(2);
        expect(await page.locator(".tab:not(:visible)").count(), "hidden panels").toBe(0);
        expect(await page.locator("button:visible").count(), "buttons that do nothing").toBe(0);
        await context.close();
      });
    });
  }

  test(`${name}: weight of the theme`, () => {
    const size = (ext) => fs.readdirSync(path.join(dir, "_assets")).filter((f) => f.endsWith(ext) && !f.startsWith("search."))
      .reduce((sum, f) => sum + zlib.gzipSync(fs.readFileSync(path.join(dir, "_assets", f)), { level: 9 }).length, 0);
    console.log(`${name}: CSS ${size(".css")} bytes, JavaScript ${size(".js")} bytes, compressed`);
    expect(size(".css")).toBeLessThanOrEqual(14 << 10);
    expect(size(".js")).toBeLessThanOrEqual(12 << 10);
  });
}

test("the checks see what is wrong", async ({ page, at }) => {
  const said = [];
  page.on("console", (m) => said.push(m.text()));
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(at.fixture + "/probe");
  expect(await page.evaluate(overflow)).toBeGreaterThan(0);
  expect((await barriers(page)).join()).toContain("image-alt");
  expect(said.join()).toContain("Content Security Policy");
});

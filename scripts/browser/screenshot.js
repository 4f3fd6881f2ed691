// Takes docs/screenshot.png anew: a listing of the tutorial with its evidence.
// Usage: scripts/browser/check screenshot
import { chromium as browserType } from "@playwright/test";
import { chromium, flags, serve, sites } from "./serve.js";

const site = await serve(sites.real), browser = await browserType.launch({ executablePath: chromium, args: flags });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
await page.goto(site.url + "/containers_on_bcp/");
await page.locator(".listing", { hasText: "ngc batch log" }).first().evaluate((listing) => {
  listing.querySelector("details.evidence").open = true;
  listing.scrollIntoView();
  scrollBy(0, -50);
});
await page.waitForTimeout(500);
await page.screenshot({ path: new URL("../../docs/screenshot.png", import.meta.url).pathname });
await browser.close();
site.close();

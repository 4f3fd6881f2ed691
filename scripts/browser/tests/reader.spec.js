// What a reader does: tabs, copy, values, theme, keys, search, print.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { expect, phone, test } from "./site.js";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });
const copied = (page) => page.evaluate(() => navigator.clipboard.readText());
const listing = (page, text) => page.locator(".listing", { hasText: text }).first();

test("tabs keep in step on the page, across pages and after a reload, and obey the arrow keys", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/kinds/tabs/");
  const tab = (set, name) => page.locator(".tabs").nth(set).getByRole("tab", { name });
  await expect(page.getByText("docker run --rm hello")).toBeVisible();
  await expect(page.getByText("podman run --rm hello")).toBeHidden();
  await tab(0, "Podman").click();
  await expect(page.getByText("podman run --rm hello")).toBeVisible();
  await expect(page.getByText("Podman asks nobody.")).toBeVisible();
  await page.reload();
  await expect(tab(1, "Podman")).toHaveAttribute("aria-selected", "true");
  await tab(0, "Podman").press("ArrowRight");
  await expect(tab(0, "Docker")).toBeFocused();
  await expect(page.getByText("Docker asks a daemon.")).toBeVisible();
  await expect(tab(2, "One")).toHaveAttribute("aria-selected", "true");
  await page.goto(at.fixture + "/kinds/tabs/#deep-target");
  await expect(page.getByText("The second.")).toBeVisible();
});

test("copy leaves prompts, output and line numbers out, and says so", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/tutorial/");
  const session = listing(page, "looks at");
  await session.getByRole("button", { name: "Copy" }).click();
  await expect(session.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await copied(page)).toBe("echo \"${OBSERVER} looks at $CLUSTER\"\nprintf '%s\\n' one \\\n  two\n");
  await listing(page, "Write a chart").getByRole("button", { name: "Copy" }).click();
  expect(await copied(page)).toMatch(/^"""Write a chart\."""\nSTARS = 300_000\n\ndef/);
});

test("every copy button of the tutorial copies something", async ({ page, at, complaints }) => {
  await page.goto(at.real + "/containers_on_bcp/");
  const wrong = await page.evaluate(async () => {
    const wrong = [];
    for (const l of document.querySelectorAll(".listing")) {
      await navigator.clipboard.writeText("");
      l.querySelector("button.copy").click();
      await new Promise((done) => setTimeout(done, 20));
      const got = await navigator.clipboard.readText();
      if (!got.trim() || ("prompts" in l.dataset && /^\$ /m.test(got))) wrong.push(l.id + ": " + got);
    }
    return wrong;
  });
  expect(wrong).toEqual([]);
});

test("your values stand in every command, in what is copied, on the next page and after a reload", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/tutorial/");
  const field = page.locator(".val", { hasText: "${OBSERVER}" }).first();
  await field.click();
  const form = page.locator("form.ask");
  await expect(form.getByLabel("OBSERVER")).toBeFocused();
  await form.getByLabel("OBSERVER").fill("rm -rf; x");
  await expect(form.getByText("Letters, digits")).toBeVisible();
  expect(await page.locator("pre", { hasText: "looks at" }).first().textContent()).toContain("${OBSERVER}");
  await form.getByLabel("OBSERVER").fill("ada");
  await form.getByLabel("OBSERVER").press("Enter");
  await expect(form).toHaveCount(0);
  await expect(field.or(page.locator(".val.set", { hasText: "ada" }).first()).first()).toBeVisible();
  await page.reload();
  await listing(page, "looks at").getByRole("button", { name: "Copy" }).click();
  expect(await copied(page)).toContain('echo "ada looks at $CLUSTER"');
  await listing(page, "export").getByRole("button", { name: "Copy" }).click();
  expect(await copied(page)).toBe("export OBSERVER=ada\nexport CLUSTER=/m13\n");
  await expect(page.locator(".values-bar input").first()).toHaveValue("ada");
  await page.locator(".values-bar input").first().fill("");
  await expect(listing(page, "looks at").locator(".val").first()).toHaveText("${OBSERVER}");
});

test("a value's form opens and closes with the keyboard and gives the focus back", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/tutorial/");
  const field = page.locator(".val").first();
  await field.focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("form.ask input")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.locator("form.ask")).toHaveCount(0);
  await expect(field).toBeFocused();
});

test("long output is folded and opens", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/tutorial/");
  const output = page.locator(".listing-output").first(), pre = output.locator("> pre");
  const folded = (await pre.boundingBox()).height;
  await output.getByRole("button", { name: "Show all 30 lines" }).click();
  expect((await pre.boundingBox()).height).toBeGreaterThan(folded + 100);
});

test("wrapping holds for all listings and is kept", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/tutorial/");
  const long = listing(page, "a very long line"), wide = () => long.locator("> pre").evaluate((el) => el.scrollWidth > el.clientWidth);
  expect(await wide()).toBe(true);
  await long.getByRole("button", { name: "Wrap" }).click();
  expect(await wide()).toBe(false);
  await page.reload();
  expect(await wide()).toBe(false);
});

test("the theme goes from system to light to dark, is kept, and is there before the first paint", async ({ page, at, complaints }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(at.fixture + "/tutorial/");
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor), system = await paper();
  await page.getByRole("button", { name: /Theme/ }).click();
  const light = await paper();
  expect(light).not.toBe(system);
  await page.route("**/docent.*.js", (r) => r.abort()); // only the small script in the head runs
  await page.reload();
  expect(await paper()).toBe(light);
  await page.unroute("**/docent.*.js");
  await page.reload();
  await page.keyboard.press("t");
  expect(await paper()).toBe(system);
  complaints.splice(0); // the script that was cut off
});

test("keys: help, search, next and previous page", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/tutorial/");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.keyboard.press("]");
  await expect(page).toHaveURL(/\/kinds\/$/);
  await page.keyboard.press("[");
  await expect(page).toHaveURL(/\/tutorial\/$/);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox")).toBeFocused();
});

test("search by keyboard, with the words marked on the page it leads to", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/");
  await page.keyboard.press("/");
  await page.keyboard.type("telescpoe"); // two letters swapped
  const first = page.getByRole("option").first();
  await expect(first).toContainText("Chart a cluster");
  await page.keyboard.type("\b\b\b\b\b\b\b\b\bmermaid");
  await page.locator(".find input").fill("declination");
  await expect(page.getByRole("option").nth(1)).toContainText("Tables");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/kinds\/\?highlight=declination#tables$/);
  await expect(page.locator("article mark").first()).toHaveText("Declination");
});

test("the search page answers an address", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/search/?q=%22way+of+light%22");
  await expect(page.getByRole("option").first()).toContainText("Reference");
});

test("answers beyond the fourth come when the last is in sight", async ({ page, at, complaints }) => {
  await page.setViewportSize({ width: 800, height: 400 });
  await page.goto(at.real + "/search/?q=the+");
  const answers = page.locator(".results a:not(.sub)");
  await expect(answers).toHaveCount(4);
  await page.waitForTimeout(300); // the fourth is below the fold
  await expect(answers).toHaveCount(4);
  await page.getByRole("option").last().scrollIntoViewIfNeeded();
  await expect(answers).toHaveCount(8);
});

test("the tree keeps its branches and its place", async ({ page, at, complaints }) => {
  await page.setViewportSize({ width: 1100, height: 700 });
  await page.goto(at.fixture + "/tutorial/");
  const branch = page.locator("#nav details").first(), open = await branch.evaluate((d) => d.open);
  await branch.locator("summary").click({ position: { x: 222, y: 12 } });
  await page.goto(at.fixture + "/hebrew/");
  expect(await page.locator("#nav details").first().evaluate((d) => d.open)).toBe(!open);
});

test("the contents follow the text", async ({ page, at, complaints }) => {
  await page.setViewportSize({ width: 1400, height: 800 });
  await page.goto(at.fixture + "/kinds/#tables");
  await expect(page.locator(".toc [aria-current]")).toHaveText("Tables");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(page.locator(".toc [aria-current]")).toHaveText("Listings");
});

test("a failed step opens to what it printed and what was promised", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/tutorial/");
  const failed = page.locator('.evidence[data-verdict="failed"]').first();
  await failed.locator("summary").click();
  await expect(failed).toContainText("300000 stars");
  await failed.getByRole("link", { name: "Lab report" }).first().click();
  await expect(page.locator("tr:target")).toBeVisible();
  await expect(page.locator("tr:target")).toContainText("failed");
});

test("a picture opens large and closes", async ({ page, at, complaints }) => {
  await page.setViewportSize({ width: 1200, height: 800 });
  await page.goto(at.fixture + "/kinds/");
  const sky = page.getByRole("button", { name: "A field of stars" });
  expect(await sky.getAttribute("loading")).toBe("lazy");
  expect(Number(await sky.getAttribute("width"))).toBe(1600);
  await sky.press("Enter");
  await expect(page.locator("dialog.zoom img")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator("dialog.zoom")).toHaveCount(0);
  await expect(sky).toBeFocused();
});

test.describe("on a phone", () => {
  test.use(phone);
  test("the drawer takes the focus, keeps it, and gives it back", async ({ page, at, complaints }) => {
    await page.goto(at.fixture + "/tutorial/");
    const menu = page.getByRole("button", { name: "Pages of this site" });
    await menu.click();
    await expect(page.locator("#nav [aria-current]")).toBeFocused();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement === document.body || !!document.activeElement.closest("#nav"))).toBe(true);
    }
    await page.keyboard.press("Escape");
    await expect(menu).toBeFocused();
    await expect(page.locator("#nav")).toBeHidden();
  });
  test("the drawer opens without scripts", async ({ browser, at }) => {
    const context = await browser.newContext({ ...phone, javaScriptEnabled: false }), page = await context.newPage();
    await page.goto(at.fixture + "/tutorial/");
    await expect(page.locator("#nav")).toBeHidden();
    await page.locator(".menu").click();
    await expect(page.locator("#nav")).toBeVisible();
    await context.close();
  });
});

test("right to left", async ({ page, at, complaints }) => {
  await page.setViewportSize({ width: 1400, height: 800 });
  await page.goto(at.fixture + "/hebrew/");
  const box = async (sel) => page.locator(sel).first().boundingBox();
  expect((await box("#nav")).x).toBeGreaterThan((await box("article")).x);
  expect(await page.locator("pre").first().evaluate((el) => getComputedStyle(el).direction)).toBe("ltr");
  expect(await page.locator("html").getAttribute("lang")).toBe("he");
});

test("print gives a whole page: addresses, evidence, long lines, every panel", async ({ page, at, complaints }, info) => {
  const text = async (address) => {
    await page.goto(at.fixture + address);
    const file = info.outputPath("page.pdf");
    fs.writeFileSync(file, await page.pdf({ format: "A4" }));
    return execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" });
  };
  const tutorial = (await text("/tutorial/")).replace(/\s+/g, " ");
  expect(tutorial).toContain("whatever the width of the screen");
  expect(tutorial).toContain("failed");
  expect(tutorial).toMatch(/ 29 30 /);
  expect(tutorial).not.toContain("Keyboard shortcuts");
  expect((await text("/kinds/")).replace(/\s+/g, "")).toContain("(https://example.org/)");
  expect((await text("/kinds/")).replace(/\s+/g, " ")).toContain("Folded until it is opened");
  const tabs = await text("/kinds/tabs/");
  expect(tabs).toContain("docker run");
  expect(tabs).toContain("podman run");
});

test("a Mermaid diagram is drawn by mmdc: a picture with a name, its links, no script", async ({ page, at, complaints }) => {
  await page.goto(at.fixture + "/kinds/");
  const drawing = page.locator("figure, .diagram").filter({ has: page.locator('img[src*="_diagrams/"]') }).first();
  const image = drawing.locator("img");
  await image.scrollIntoViewIfNeeded();
  await expect(image).toHaveJSProperty("complete", true);
  expect(await image.evaluate((i) => i.naturalWidth)).toBeGreaterThan(50);
  await expect(image).toHaveAttribute("alt", /Source.*Site/);
  const svg = await (await page.request.get(await image.evaluate((i) => i.src))).text();
  expect(svg).toMatch(/<svg[^>]*>/);
  expect(svg).not.toMatch(/<script|foreignObject|onclick/i);
  await expect(drawing.getByRole("link", { name: /Site|example/ })).toHaveAttribute("href", "https://example.org/");
});

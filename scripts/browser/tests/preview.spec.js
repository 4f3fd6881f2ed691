// What an author sees in `generator serve`: the page that is open follows the
// source, keeps its place, and shows what is wrong only while it is wrong.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "./site.js";

const generator = path.resolve(import.meta.dirname, "../../../bin/generator");

// preview starts a server on a source of its own and gives its address.
async function preview(files) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "docent-preview-"));
  const source = path.join(root, "content");
  const save = (name, text) => { // as editors do
    fs.mkdirSync(path.dirname(path.join(source, name)), { recursive: true });
    fs.writeFileSync(path.join(source, "." + path.basename(name)), text);
    fs.renameSync(path.join(source, "." + path.basename(name)), path.join(source, name));
  };
  for (const [name, text] of Object.entries(files)) save(name, text);
  const child = spawn(generator, ["serve", "--source", source, "--addr", "127.0.0.1:0", "--no-cache"]);
  const url = await new Promise((found, fail) => {
    let said = "";
    const hear = (text) => { const m = (said += text).match(/http:\/\/127\.0\.0\.1:\d+/); if (m) found(m[0]); };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", () => fail(new Error(said)));
  });
  return { url, save, close: () => { child.removeAllListeners("exit"); child.kill(); fs.rmSync(root, { recursive: true }); } };
}

const long = "# Home\n\n" + Array.from({ length: 80 }, (_, i) => `Paragraph ${i} of many.\n`).join("\n");

test("a saved page shows at once and keeps its place", async ({ page }) => {
  const p = await preview({ "index.md": long });
  try {
    await page.goto(p.url + "/");
    await page.getByText("Paragraph 60 of many").scrollIntoViewIfNeeded();
    const at = await page.evaluate(() => scrollY);
    expect(at).toBeGreaterThan(200);
    for (const words of ["First words", "Other words"]) {
      p.save("index.md", long.replace("Paragraph 61 of many.", words + "."));
      await expect(page.getByText(words)).toBeInViewport();
      await expect.poll(() => page.evaluate(() => scrollY)).toBe(at);
    }
  } finally { p.close(); }
});

test("a diagnostic lies over the page with its source, and goes when the page is mended", async ({ page }) => {
  const p = await preview({ "index.md": "# Home\n", "other.md": "# Other\n" });
  try {
    await page.goto(p.url + "/");
    const panel = page.locator(".preview-panel");
    await expect(panel).toBeHidden();
    p.save("index.md", "# Home\n\nSee [this](gone.md).\n");
    await expect(panel).toBeVisible();
    await expect(panel).toContainText("The link `gone.md` leads nowhere");
    await expect(panel.locator("pre")).toContainText("See [this](gone.md).");
    await expect(panel.getByRole("link", { name: "index.md:3:5" })).toHaveAttribute("href", /^vscode:\/\/file\/.*index\.md:3:5$/);
    await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
    p.save("index.md", "# Home\n\nSee [this](other.md).\n");
    await expect(panel).toBeHidden();
    await expect(page.getByRole("link", { name: "this", exact: true })).toHaveAttribute("href", /other\/$/);
    // What is wrong on another page is said too, and does not reload this one.
    await page.evaluate(() => { window.stays = true; });
    p.save("other.md", "# Other\n\n{nosuchrole}`x`\n");
    await expect(panel).toContainText("other.md:3:");
    p.save("other.md", "# Other\n");
    await expect(panel).toBeHidden();
    expect(await page.evaluate(() => window.stays)).toBe(true);
  } finally { p.close(); }
});

test("a page that goes shows that it is gone, and comes back", async ({ page }) => {
  const p = await preview({ "index.md": "# Home\n", "_theme/assets/css/docent.css": "body { color: red }\n" });
  try {
    await page.goto(p.url + "/new/");
    await expect(page.getByText("There is no page at this address")).toBeVisible();
    p.save("new.md", "# New\n\nHere it is.\n");
    await expect(page.getByText("Here it is.")).toBeVisible();
    await expect(page.locator("body")).toHaveCSS("color", "rgb(255, 0, 0)");
    p.save("_theme/assets/css/docent.css", "body { color: blue }\n");
    await expect(page.locator("body")).toHaveCSS("color", "rgb(0, 0, 255)");
  } finally { p.close(); }
});

// The preview: what a lab says now stands on the page without a reload.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test as base } from "@playwright/test";

const here = import.meta.dirname, root = path.resolve(here, "../../..");

const test = base.extend({
  // A copy of the fixture under the preview: its address, and its folder.
  preview: async ({}, use) => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), "preview-"));
    fs.cpSync(path.join(here, "../site"), dir, { recursive: true });
    const server = spawn(path.join(root, "bin/generator"), ["serve", "--source", path.join(dir, "content"), "--addr", "127.0.0.1:0"]);
    const address = await new Promise((done, fail) => {
      let said = "";
      const hear = (text) => {
        said += text;
        const found = said.match(/http:\/\/127\.0\.0\.1:\d+/);
        if (found) done(found[0]);
      };
      server.stdout.on("data", hear);
      server.stderr.on("data", hear);
      server.on("exit", () => fail(new Error("the preview ended: " + said)));
    });
    await use({ address, dir });
    server.kill();
    fs.rmSync(dir, { recursive: true });
  },
});

test("a verdict changes on the page without a reload", async ({ page, preview }) => {
  await page.goto(preview.address + "/tutorial/");
  const failed = page.locator('.evidence[data-verdict="failed"]');
  await expect(failed).toHaveCount(1);
  const listing = page.locator(".listing", { has: failed });
  const id = await listing.getAttribute("id");
  await page.evaluate(() => { window.stays = true; scrollTo(0, 400); });

  const file = path.join(preview.dir, "labs/reports/tutorial.md.podman.json"), report = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const step of report.steps) if (step.verdict === "failed") { step.verdict = "passed"; delete step.diff; delete step.why; }
  fs.writeFileSync(file + ".new", JSON.stringify(report, null, 1));
  fs.renameSync(file + ".new", file);

  await expect(page.locator(`[id="${id}"] .evidence[data-verdict="passed"]`)).toHaveCount(1);
  await expect(failed).toHaveCount(0);
  await expect(page.locator(".lab-summary")).not.toContainText("failed");
  expect(await page.evaluate(() => window.stays)).toBe(true);
  expect(await page.evaluate(() => scrollY)).toBeGreaterThan(300);
  // What the script put into the listings is there, and works.
  await expect(page.locator(`[id="${id}"]`).getByRole("button", { name: "Copy" })).toHaveCount(1);
});

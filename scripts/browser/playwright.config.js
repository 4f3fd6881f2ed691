import { defineConfig } from "@playwright/test";
import { chromium, flags } from "./serve.js";

export default defineConfig({
  testDir: "tests",
  outputDir: process.env.BROWSER_OUT || "../../build/browser/results",
  fullyParallel: true,
  workers: 2,
  timeout: 120_000, // axe reads the longest page twice, on a machine that does other things too
  reporter: [["list"]],
  snapshotPathTemplate: "{testDir}/screenshots/{arg}{ext}",
  expect: { toHaveScreenshot: { maxDiffPixelRatio: 0.01, threshold: 0.25, animations: "disabled" } },
  use: { browserName: "chromium", headless: true, contextOptions: { reducedMotion: "reduce" }, launchOptions: { executablePath: chromium, args: flags } },
});

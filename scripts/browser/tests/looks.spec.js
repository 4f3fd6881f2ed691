// How it looks, against committed pictures: two widths, two themes.
// Take them anew with: scripts/browser/check --update-snapshots
import { expect, phone, test } from "./site.js";

const shots = { home: "/", tutorial: "/tutorial/", kinds: "/kinds/", tabs: "/kinds/tabs/", hebrew: "/hebrew/", report: "/lab-report/", search: "/search/?q=star", missing: "/no/such/page" };
const widths = { phone, desk: { viewport: { width: 1280, height: 800 } } };

for (const [width, options] of Object.entries(widths)) {
  test.describe(width, () => {
    test.use(options);
    for (const [name, address] of Object.entries(shots)) {
      for (const theme of ["light", "dark"]) {
        test(`${name}, ${theme}`, async ({ page, at, complaints }) => {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
          await page.goto(at.fixture + address);
          if (name === "search") await page.getByRole("option").first().waitFor();
          await expect(page).toHaveScreenshot(`${name}-${width}-${theme}.png`);
        });
      }
    }
  });
}

// The quality of search: queries and what has to come first, as "page" or
// "page > section". An empty string: nothing may be found.
import { expect, test } from "./site.js";

const table = {
  fixture: {
    // titles before headings before text
    star: "Star charts", tabs: "Tabs", "chart a cluster": "Chart a cluster", tables: "Every construct > Tables", declination: "Every construct > Tables",
    // prefixes, other forms of a word
    tele: "Chart a cluster > Keep the result", admonit: "Every construct > Admonitions", "verdicts say": "Star charts > What a verdict says", "listing folded": "Every construct",
    // mistakes
    telescpoe: "Chart a cluster > Keep the result", declinaton: "Every construct > Tables", asension: "Every construct > Tables", admonitoins: "Every construct > Admonitions",
    // phrases
    '"way of light"': "Reference", '"light of way"': "", '"right ascension"': "Every construct > Tables",
    // names, whole and in part, in the case of code or not
    "300_000": "Chart a cluster > Keep the result", "chart.py": "Chart a cluster > Keep the result", "orbit.py": "Every construct > Listings", nbody_step: "Reference", nbody: "Reference",
    "--no-cache": "Reference", "no-cache": "Reference", nocache: "Reference", cache: "Reference", CLUSTER_NAME: "Reference", cluster_name: "Reference", ValueError: "Reference",
    error: "Reference", "apt-get": "Every construct > Listings", "debian:12": "Every construct > Listings", "FROM debian": "Every construct > Listings", "docker run": "Tabs",
    // other scripts; names of what every object has
    "מפות": "מפות כוכבים", hasOwnProperty: "", __proto__: "", "": "", "!!!": "",
  },
  real: {
    "containers on bcp": "Containers on BCP", dockerfile: "Containers on BCP > A Dockerfile to build the nbody sample", dockerfle: "Containers on BCP > A Dockerfile to build the nbody sample",
    "nbody_2M_1gpu.sh": "Containers on BCP > Running the nbody sample benchmark", "1gpu": "Containers on BCP > Running the nbody sample benchmark", "24.03": "Containers on BCP",
    pytroch: "Containers on BCP", "base_constraints.txt": "Containers on BCP", "exit codes": "Command line > Exit codes", markdwon: "Markdown support", "getting strated": "Getting started",
    "labs verify": "Command line > labs", "stand-in": "Lab reference > Stand-ins", standin: "Lab reference > Stand-ins", restructured: "reStructuredText support",
  },
};

for (const [site, queries] of Object.entries(table)) {
  test(`${site}: ${Object.keys(queries).length} queries find what they should first`, async ({ page, at, complaints }) => {
    await page.goto(at[site] + "/search/");
    await page.waitForFunction(() => window.docentSearch);
    const wrong = [];
    for (const [query, want] of Object.entries(queries)) {
      const got = await page.evaluate(async (q) => {
        const { hits } = await window.docentSearch.find(q);
        if (!hits.length) return "";
        const [section] = hits[0].sections[0], { t, s } = hits[0].page;
        return section ? `${t} > ${s[section][1]}` : t;
      }, query);
      if (!(want === got || (want && got.startsWith(want + " > ")))) wrong.push(`${query}: ${got || "nothing"}, want ${want || "nothing"}`);
    }
    expect(wrong).toEqual([]);
  });
}

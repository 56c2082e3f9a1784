/**
 * Pictures of every page, light and dark, wide and narrow, in both languages.
 *
 *   node tests/pictures.mjs [BASE URL] [PAGES, comma separated]
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, open, signIn, target, visit } from "./browser.mjs";
import { pages } from "./pages.mjs";

const folder = process.env.PICTURES ?? join(dirname(fileURLToPath(import.meta.url)), "pictures");
mkdirSync(folder, { recursive: true });
const only = process.argv[3]?.split(",");
const looks = [
  { name: "light", language: "en", scheme: "light", width: 1440, height: 900 },
  { name: "dark-fr", language: "fr", scheme: "dark", width: 1440, height: 900 },
  { name: "narrow-fr", language: "fr", scheme: "light", width: 390, height: 844 },
].filter((look) => !process.env.LOOK || process.env.LOOK.split(",").includes(look.name));

const browser = await launch();
for (const look of looks) {
  const page = await open(browser, look);
  await signIn(page);
  for (const [name, path] of Object.entries(await pages(page))) {
    if (only && !only.includes(name)) continue;
    await visit(page, path);
    await page.waitForTimeout(name === "now" ? 3_000 : 500);
    await page.screenshot({ path: join(folder, `${name}-${look.name}.png`), fullPage: process.env.FULL === "1" });
    const wider = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (wider > 0) console.log(`${name} ${look.name}: ${wider} pixels wider than the screen`);
  }
  if (page.troubles.length) console.log(look.name, [...new Set(page.troubles)]);
  await page.context().close();
}
await browser.close();
console.log(`pictures of ${target.base} are in ${folder}`);

/**
 * Drives every page of the UI in headless Chromium, against the mock or the real program.
 *
 *   node tests/run.mjs [BASE URL]
 *
 * Looks for: errors in the page, requests to other hosts, faults of accessibility (axe-core: serious and critical),
 * pages wider than the screen, texts without translation, dead tabs and buttons, a stream that does not run.
 * With VIGIE_SETUP=TOKEN the first administrator is made first, by the one-time link.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { launch, open, signIn, target, visit } from "./browser.mjs";
import { pages } from "./pages.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const faults = [];
let passed = 0;
/** The page of the checks that act, once there is one. */
let flowing;
const fail = (text) => {
  faults.push(text);
  console.log(`FAILED  ${text}`);
};
async function check(name, act) {
  try {
    // A dialog that a failed check left open must not fail the next one.
    for (let open = 0; open < 2 && flowing; open++) await flowing.keyboard.press("Escape");
    await act();
    passed += 1;
  } catch (error) {
    fail(`${name}: ${String(error.message ?? error).split("\n")[0]}`);
  }
}
const expect = (is, text) => {
  if (!is) throw new Error(text);
};

/** Faults of accessibility that keep somebody out. */
async function accessibility(page) {
  // The policy of the page forbids inline scripts; the browser itself may evaluate them.
  await page.evaluate(axe);
  const results = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return results.violations
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .map(
      (violation) =>
        `${violation.id} (${violation.nodes.length}): ${violation.nodes[0]?.target.join(" ")} ${violation.nodes[0]?.any[0]?.message ?? ""}`,
    );
}

const browser = await launch();

/** Pages of the queryable past, which a server may be built without. */
const PAST = "sight connections programs machine-variables machine-acts acts conversations variables sql".split(" ");
const served = await (await fetch(`${target.base}/api/v1/openapi.json`)).json();
const hasPast = Object.keys(served.paths).some((path) => path.endsWith("/sql"));
if (!hasPast) console.log(`skipped: ${PAST.join(", ")}: this server does not serve the past`);

if (process.env.VIGIE_SETUP) {
  await check("first administrator", async () => {
    const page = await open(browser);
    await page.goto(`${target.base}/setup?token=${process.env.VIGIE_SETUP}`);
    await page.getByLabel("Name").fill(target.name);
    const fields = page.locator('input[type="password"]');
    await fields.nth(0).fill(target.password);
    await fields.nth(1).fill(target.password);
    await page.locator('button[type="submit"]').click();
    await page.waitForURL(/#\/now/);
    await page.context().close();
  });
}

await check("a wrong password is refused plainly", async () => {
  const page = await open(browser);
  await page.goto(`${target.base}/`);
  await page.waitForURL(/#\/login/);
  await page.getByLabel("Name").fill(target.name);
  await page.locator('input[name="password"]').fill("certainly not this one");
  await page.locator('button[type="submit"]').click();
  await page.getByRole("alert").waitFor();
  const found = await accessibility(page);
  expect(found.length === 0, found.join("; "));
  await page.context().close();
});

const looks = [
  { language: "en", scheme: "light", width: 1440, height: 900 },
  { language: "fr", scheme: "dark", width: 1440, height: 900 },
  { language: "fr", scheme: "light", width: 390, height: 844 },
];
let state;
for (const look of process.env.ONLY === "flows" ? [] : looks) {
  const page = await open(browser, { ...look, state });
  const name = `${look.language} ${look.scheme} ${look.width}`;
  if (state) await page.goto(`${target.base}/#/now`);
  else await signIn(page);
  state ??= await page.context().storageState();
  for (const [title, path] of Object.entries(await pages(page))) {
    if (!hasPast && PAST.includes(title)) continue;
    await check(`${title} (${name})`, async () => {
      page.troubles.length = 0;
      await visit(page, path);
      const alert = page.locator('main [role="alert"]').first();
      expect((await alert.count()) === 0, `shows an error: ${(await alert.count()) ? await alert.textContent() : ""}`);
      const wider = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(wider <= 0, `${wider} pixels wider than the screen`);
      const raw = await page.evaluate(
        () =>
          document.body.textContent.match(
            /\b(?:now|asset|machine|common|finding|settings|sql|map|users)\.[a-z]+\b/,
          )?.[0],
      );
      expect(!raw, `a text without translation: ${raw}`);
      const found = await accessibility(page);
      expect(found.length === 0, found.join("; "));
      expect(page.troubles.length === 0, [...new Set(page.troubles)].join("; "));
    });
  }
  await page.context().close();
}

const page = await open(browser, { state });
flowing = page;
page.setDefaultTimeout(15_000);
if (!state) await signIn(page);
await check("live acts arrive, pause and go on", async () => {
  await visit(page, "/now");
  await page.locator(".livestate.live").waitFor();
  await page.locator(".act").first().waitFor({ timeout: 20_000 });
  await page.keyboard.press("p");
  const first = await page.locator(".act").first().textContent();
  await page.waitForTimeout(1_500);
  expect((await page.locator(".act").first().textContent()) === first, "acts still move while paused");
  await page.keyboard.press("p");
});
await check("keyboard: places, help, search", async () => {
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.waitForURL(/#\/plant/);
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("/");
  await page.getByRole("dialog").getByRole("combobox").fill("plc");
  await page.locator('[role="option"]').first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/plant\/.+/);
});
await check("list: search, filter, sort, export", async () => {
  await visit(page, "/plant");
  const rows = page.locator('.grid-table .body [role="row"]');
  await rows.first().waitFor();
  const all = await rows.count();
  await page.locator('select[aria-label="Filter by Level"]').selectOption("1");
  await page.waitForURL(/level=1/);
  await page.waitForTimeout(200);
  const some = await rows.count();
  expect(some > 0 && some < all, `${some} of ${all} rows after the filter`);
  await page.getByRole("button", { name: "Machine", exact: true }).click();
  await page.waitForURL(/sort=name/);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export CSV" }).click(),
  ]);
  const text = readFileSync(await file.path(), "utf8");
  expect(text.trim().split("\r\n").length === some + 1, "the file has other rows than the list");
});
await check("machine: why, edit, edits", async () => {
  const path = (await pages(page)).machine;
  await visit(page, path);
  await page.locator("table.plain .whybutton").first().click();
  await page.locator("table.plain table.plain").first().waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  const note = `looked at on ${new Date().toISOString()}`;
  await page.getByLabel("Note").fill(note);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("link", { name: /^Edits/ }).click();
  await page.getByText(note).waitFor();
});
await check("finding: acknowledge with a comment, open again", async () => {
  const path = (await pages(page)).finding;
  await visit(page, path);
  const comment = `asked the shift leader ${Date.now()}`;
  await page.getByLabel("Comment").fill(comment);
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText(comment).first().waitFor();
  await page.getByRole("button", { name: "Open again" }).click();
  await page.getByRole("button", { name: "Acknowledge" }).waitFor();
});
await check("SQL: a query, and a refusal", async () => {
  if (!hasPast) return;
  await visit(page, "/explore/sql");
  await page
    .locator("textarea.sql")
    .fill("SELECT protocol, count(*) AS records FROM acts GROUP BY protocol ORDER BY records DESC");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator("table.plain tbody tr").first().waitFor({ timeout: 20_000 });
  await page.locator("textarea.sql").fill("DROP TABLE acts");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("alert").waitFor();
});
await check("map: a machine is found and told of", async () => {
  await visit(page, "/map");
  await page.waitForFunction(() => window.vigieMap !== undefined);
  await page.getByLabel("Find a machine on the map").fill("plc");
  await page.keyboard.press("Enter");
  await page.locator(".mapcard").waitFor();
  const found = await accessibility(page);
  expect(found.length === 0, found.join("; "));
});
await check("people: added, shut out, removed", async () => {
  const name = `test-${Date.now()}`;
  await visit(page, "/settings/users");
  await page.getByRole("button", { name: "Add a person" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(name);
  await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill("a sentence for tests");
  const found = await accessibility(page);
  expect(found.length === 0, found.join("; "));
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: name });
  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
});
await check("tokens: made, shown once, revoked", async () => {
  await visit(page, "/settings/tokens");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByLabel("What is it for?").fill("browser test");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("It is shown this once only").waitFor();
  await page.keyboard.press("Escape");
  await page
    .getByRole("row")
    .filter({ hasText: "browser test" })
    .getByRole("button", { name: "Revoke" })
    .first()
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
});
await check("signing out closes everything", async () => {
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/#\/login/);
  await page.goto(`${target.base}/#/plant`);
  await page.waitForURL(/#\/login/);
});
await check("no request to another host, no error in the page", async () => {
  expect(page.troubles.length === 0, [...new Set(page.troubles)].join("; "));
});
await browser.close();
console.log(`${passed} checks passed, ${faults.length} failed, at ${target.base}`);
process.exit(faults.length ? 1 : 0);

/** A headless Chromium of the system, signed in to the UI at a base URL. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts the browser. */
export function launch() {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium: install the package chromium, or set CHROMIUM to its path");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
    ],
  });
}

/** Where and as whom to sign in. */
export const target = {
  base: process.argv[2] ?? process.env.VIGIE_URL ?? "http://127.0.0.1:8480",
  name: process.env.VIGIE_USER ?? "demo",
  password: process.env.VIGIE_PASSWORD ?? "a long enough password",
};

/** A page in one language, colour scheme and size; every request to another host and every error is remembered. */
export async function open(browser, { language = "en", scheme = "light", width = 1440, height = 900, state } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale: language === "fr" ? "fr-FR" : "en-GB",
    timezoneId: "Europe/Paris",
    ignoreHTTPSErrors: true,
    ...(state ? { storageState: state } : {}),
  });
  const page = await context.newPage();
  page.troubles = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== new URL(target.base).origin)
      page.troubles.push(`request to another host: ${url}`);
  });
  page.on("pageerror", (error) => page.troubles.push(`error in the page: ${error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error" && !/status of (40[0134]|422)/.test(line.text()))
      page.troubles.push(`console: ${line.text()}`);
  });
  return page;
}

/** Signs in by the form. */
export async function signIn(page) {
  await page.goto(`${target.base}/#/login`);
  await page.getByLabel(/^(Name|Nom)$/).fill(target.name);
  await page.locator('input[name="password"]').fill(target.password);
  await page.locator('button[type="submit"]').click();
  await page.waitForURL(/#\/now/);
  await page.locator("h1").first().waitFor();
}

/** Goes to a page of the UI and waits until its content stands. */
export async function visit(page, path) {
  await page.goto(`${target.base}/#${path}`);
  await page.locator("h1").first().waitFor({ timeout: 15_000 });
  await page
    .waitForFunction(() => !document.querySelector('main [role="status"]'), undefined, { timeout: 15_000 })
    .catch(() => undefined);
  await page.waitForTimeout(250);
}

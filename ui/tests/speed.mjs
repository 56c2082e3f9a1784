/**
 * First useful paint, and frames per second of the map while a person moves and zooms it.
 *
 *   node tests/speed.mjs [BASE URL]      (a mock with MOCK_MACHINES=5000 MOCK_LINKS=20000 for the large plant)
 */
import { launch, open, signIn, target } from "./browser.mjs";

const browser = await launch();
const page = await open(browser);
await signIn(page);
const state = await page.context().storageState();
await page.context().close();

const paints = [];
for (let round = 0; round < 5; round++) {
  const fresh = await open(browser, { state });
  const start = Date.now();
  await fresh.goto(`${target.base}/#/now`);
  await fresh.locator(".tile b").first().waitFor();
  await fresh.waitForFunction(() =>
    [...document.querySelectorAll(".tile b")].some((tile) => /\d/.test(tile.textContent)),
  );
  paints.push(Date.now() - start);
  await fresh.context().close();
}
paints.sort((a, b) => a - b);
console.log(`first useful paint (numbers of Now, empty cache): median ${paints[2]} ms of ${paints.join(", ")}`);

const map = await open(browser, { state });
const begun = Date.now();
await map.goto(`${target.base}/#/map`);
await map.waitForFunction(() => window.vigieMap !== undefined, undefined, { timeout: 60_000 });
await map.waitForTimeout(1_000);
const size = await map.evaluate(() => ({
  machines: window.vigieMap.getGraph().order,
  links: window.vigieMap.getGraph().size,
}));
console.log(`map of ${size.machines} machines and ${size.links} links: drawn after ${Date.now() - begun - 1_000} ms`);
const box = await map.locator(".mapcanvas").boundingBox();
const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
const drag = async () => {
  await map.mouse.move(x, y);
  await map.mouse.down();
  for (let step = 1; step <= 60; step++) {
    await map.mouse.move(x + 200 * Math.sin(step / 10), y + 120 * Math.cos(step / 12));
    await map.waitForTimeout(16);
  }
  await map.mouse.up();
};
const zoom = async () => {
  for (let step = 0; step < 16; step++) {
    await map.mouse.wheel(0, step < 8 ? -240 : 240);
    await map.waitForTimeout(80);
  }
};
for (const [name, act] of [
  ["dragging", drag],
  ["zooming by wheel", zoom],
]) {
  await map.evaluate(() => {
    window.gaps = [];
    let last = performance.now();
    const count = (now) => {
      window.gaps?.push(now - last);
      last = now;
      if (window.gaps) requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
  });
  await act();
  const rate = await map.evaluate(() => {
    const gaps = window.gaps.slice(1).sort((a, b) => a - b);
    window.gaps = undefined;
    const total = gaps.reduce((sum, gap) => sum + gap, 0);
    return { frames: (gaps.length / total) * 1_000, slow: gaps[Math.floor(gaps.length * 0.95)] };
  });
  console.log(`${name}: ${rate.frames.toFixed(1)} frames a second, 95 % of frames within ${rate.slow.toFixed(0)} ms`);
}
await map.screenshot({ path: process.env.PICTURE ?? "/dev/null", type: "png" }).catch(() => undefined);
await browser.close();

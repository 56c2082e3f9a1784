/**
 * Makes the data of the mock server with the real program: a simulated plant, read and judged.
 *
 *   node mock/generate.mjs [PATH OF vigie]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const vigie = process.argv[2] ?? process.env.VIGIE ?? join(here, "../../target/release/vigie");
const data = join(here, "data");
mkdirSync(data, { recursive: true });
const file = (name) => join(data, name);
const run = (...args) => execFileSync(vigie, args, { stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });

run("simulate", "--minutes", "60", "--seed", "7", file("plant.pcap"));
run(
  "read",
  file("plant.pcap"),
  "--inventory",
  file("inventory.json"),
  "--records",
  file("records.jsonl"),
  "--summary",
  "json",
);
writeFileSync(file("summary.json"), run("read", file("plant.pcap"), "--summary", "json"));
writeFileSync(file("detectors.json"), run("detectors", "--format", "json"));
writeFileSync(file("protocols.json"), run("protocols", "--format", "json"));
rmSync(file("plant.pcap"));
console.log(`data of the mock server is in ${data}`);

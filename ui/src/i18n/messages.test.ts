import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en, type MessageKey } from "./en";
import { fr } from "./fr";
import { message, wordIn } from "./index";

const source = join(import.meta.dirname, "..");

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\./.test(entry.name) ? [path] : [];
  });
}

const code = files(source)
  .filter((path) => !/i18n\/(en|fr)\.ts$/.test(path))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

describe("messages", () => {
  it("are the same set in both languages", () => {
    expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort());
  });

  it("are never empty, and take the same parameters in both languages", () => {
    const parameters = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const key of Object.keys(en) as MessageKey[]) {
      expect(en[key].trim(), key).not.toBe("");
      expect(fr[key].trim(), key).not.toBe("");
      expect(parameters(fr[key]), key).toEqual(parameters(en[key]));
      expect(fr[key].split("|").length, key).toBe(en[key].split("|").length);
    }
  });

  it("are all said somewhere: a text that nothing shows is taken out", () => {
    const sets = new Set(
      [...code.matchAll(/(?:word|wordIn|wordIn\(language,|wordIn\(language, )\(?\s*(?:language,\s*)?"(\w+)"/g)].map(
        (match) => match[1],
      ),
    );
    for (const set of ["role", "verb", "outcome", "state", "fstate", "severity", "importance"]) sets.add(set);
    const begins = [...code.matchAll(/t\(\s*`([\w.]+)\$\{/g)].map((match) => match[1] ?? "");
    const unused = Object.keys(en).filter(
      (key) =>
        !code.includes(`"${key}"`) &&
        !sets.has(key.slice(0, key.indexOf("."))) &&
        !begins.some((begin) => begin && key.startsWith(begin)),
    );
    expect(unused).toEqual([]);
  });

  it("keep French spaces with their punctuation", () => {
    for (const [key, text] of Object.entries(fr)) expect(text, key).not.toMatch(/ [:;?!»]|« /);
  });

  it("choose one or many: French counts none and one alike", () => {
    expect(message("en", "count.machines", { n: 0 })).toBe("0 machines");
    expect(message("fr", "count.machines", { n: 0 })).toBe("0 machine");
    expect(message("en", "count.machines", { n: 1 })).toBe("1 machine");
    expect(message("fr", "count.machines", { n: 1234 })).toBe("1\u202f234 machines");
  });

  it("show a word that is not in the table as it is", () => {
    expect(wordIn("fr", "role", "plc")).toBe("automate (API)");
    expect(wordIn("fr", "role", "time machine")).toBe("time machine");
  });
});

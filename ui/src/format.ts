/** Numbers, sizes, times and hostile texts, written the way of the reader's language. */
import type { Address, Value } from "./api/types";

export type Language = "en" | "fr";

const LOCALES: Record<Language, string> = { en: "en-GB", fr: "fr-FR" };
const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numberFormat(language: Language, digits: number): Intl.NumberFormat {
  const key = `${language} ${digits}`;
  let format = formats.get(key) as Intl.NumberFormat | undefined;
  if (!format) {
    format = new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: digits });
    formats.set(key, format);
  }
  return format;
}

function dateFormat(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${name}`;
  let format = formats.get(key) as Intl.DateTimeFormat | undefined;
  if (!format) {
    format = new Intl.DateTimeFormat(LOCALES[language], options);
    formats.set(key, format);
  }
  return format;
}

/** `12,345` and `12 345`. */
export function number(language: Language, value: number, digits = 0): string {
  return numberFormat(language, digits).format(value);
}

/** A rate or measured value: three digits that mean something. */
export function measure(language: Language, value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e15 || size < 1e-4)) return value.toExponential(3);
  return number(language, value, size >= 100 ? 1 : size >= 1 ? 3 : 5);
}

/** Bytes in a unit that leaves at most three digits before the decimals. */
export function bytes(language: Language, value: number): string {
  const units = language === "fr" ? ["o", "ko", "Mo", "Go", "To"] : ["B", "kB", "MB", "GB", "TB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit + 1 < units.length) {
    scaled /= 1000;
    unit += 1;
  }
  return `${number(language, scaled, unit > 0 && scaled < 9.95 ? 1 : 0)}\u00a0${units[unit]}`;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };

/** Date and time in the reader's time zone. */
export function dateTime(language: Language, at: string | number | null | undefined): string {
  const date = at === null || at === undefined ? undefined : new Date(at);
  if (!date || Number.isNaN(date.getTime())) return "–";
  return `${dateFormat(language, "day", DAY).format(date)} ${dateFormat(language, "clock", CLOCK).format(date)}`;
}

/** The time of the day only. */
export function clock(language: Language, at: string | number, hasMilliseconds = false): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "–";
  return hasMilliseconds
    ? dateFormat(language, "clock.ms", { ...CLOCK, fractionalSecondDigits: 3 }).format(date)
    : dateFormat(language, "clock", CLOCK).format(date);
}

/** A span in at most two units: `29 min 59 s`. */
export function span(language: Language, milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const day = language === "fr" ? "j" : "d";
  const units: [number, string][] = [
    [86_400, day],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return "0\u00a0s";
  let left = seconds;
  const parts: string[] = [];
  for (const [size, name] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}\u00a0${name}`);
  }
  return parts.join(" ");
}

/** Microseconds in the unit that fits. */
export function latency(language: Language, microseconds: number): string {
  if (microseconds < 1_000) return `${number(language, microseconds, 0)}\u00a0µs`;
  if (microseconds < 1_000_000) return `${number(language, microseconds / 1_000, 1)}\u00a0ms`;
  return `${number(language, microseconds / 1_000_000, 2)}\u00a0s`;
}

/**
 * `text` without control characters and without those that turn the direction of writing, so that no value from the
 * network can pretend to be another one; cut after `most` characters.
 */
export function clean(text: string, most = 300): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "\ufffd");
  return plain.length > most ? `${plain.slice(0, most)}…` : plain;
}

/** A value as the network gave it. */
export function value(language: Language, of: Value | undefined): string {
  if (of === null || of === undefined) return "–";
  if (typeof of === "boolean") return of ? "1" : "0";
  if (typeof of === "number") return Number.isInteger(of) ? number(language, of) : measure(language, of);
  return clean(of, 120);
}

/** An address as people write it: IP, else hardware address; with its port where it has one. */
export function endpoint(of: Address | undefined, hasPort = true): string {
  if (!of) return "–";
  const host = of.ip ?? of.mac ?? "–";
  if (!hasPort || of.port === undefined) return host;
  return host.includes(":") && of.ip ? `[${host}]:${of.port}` : `${host}:${of.port}`;
}

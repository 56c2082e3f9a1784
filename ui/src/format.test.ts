import { describe, expect, it } from "vitest";
import * as format from "./format";

describe("numbers and sizes", () => {
  it("are written the way of the language", () => {
    expect(format.number("en", 12345)).toBe("12,345");
    expect(format.number("fr", 12345.5, 1)).toBe("12\u202f345,5");
    expect(format.bytes("en", 999)).toBe("999\u00a0B");
    expect(format.bytes("en", 9_888_536)).toBe("9.9\u00a0MB");
    expect(format.bytes("fr", 9_888_536)).toBe("9,9\u00a0Mo");
    expect(format.bytes("en", 999_600)).toBe("1\u00a0MB");
    expect(format.measure("en", 0.114)).toBe("0.114");
    expect(format.measure("en", 1e20)).toBe("1.000e+20");
  });

  it("say spans in at most two units", () => {
    expect(format.span("en", 1_799_000)).toBe("29\u00a0min 59\u00a0s");
    expect(format.span("fr", 90_000_000)).toBe("1\u00a0j 1\u00a0h");
    expect(format.span("en", 200)).toBe("0\u00a0s");
    expect(format.span("en", 3_600_000)).toBe("1\u00a0h");
  });

  it("say latencies in the unit that fits", () => {
    expect(format.latency("en", 971)).toBe("971\u00a0µs");
    expect(format.latency("fr", 8_800)).toBe("8,8\u00a0ms");
    expect(format.latency("en", 2_500_000)).toBe("2.5\u00a0s");
  });
});

describe("texts from the network", () => {
  it("cannot move a cursor or turn the direction of writing", () => {
    expect(format.clean("a\u202eb\u0000c\u200bd")).toBe("a\ufffdb\ufffdc\ufffdd");
  });

  it("are cut", () => {
    expect(format.clean("x".repeat(400))).toHaveLength(301);
  });
});

describe("addresses and values", () => {
  it("are written as people write them", () => {
    expect(format.endpoint({ ip: "10.0.0.5", mac: "aa", port: 502 })).toBe("10.0.0.5:502");
    expect(format.endpoint({ ip: "fe80::1", port: 502 })).toBe("[fe80::1]:502");
    expect(format.endpoint({ mac: "00:1b:1b:1c:8d:14" })).toBe("00:1b:1b:1c:8d:14");
    expect(format.endpoint(undefined)).toBe("–");
    expect(format.value("en", true)).toBe("1");
    expect(format.value("fr", 2.5)).toBe("2,5");
    expect(format.value("en", null)).toBe("–");
  });

  it("that are no time give no nonsense", () => {
    expect(format.dateTime("en", "never")).toBe("–");
    expect(format.dateTime("en", null)).toBe("–");
  });
});

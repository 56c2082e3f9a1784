import { describe, expect, it } from "vitest";
import type { MapNode } from "../../api/types";
import { deedOf } from "../../components/basics";
import { bundles, layout, links, networkOf } from "./layout";

const node = (id: string, level: string, zone: string): MapNode => ({
  id,
  name: id,
  role: "plc",
  level,
  importance: "low",
  zone,
  is_external: false,
  worst: null,
});
const zoneOf = (of: MapNode) => of.zone ?? "";
const edge = (from: string, to: string, verb: string, protocol = "modbus") => ({
  from,
  to,
  is_group: false,
  protocol,
  packets: 10,
  verbs: [[verb, 1]] as [string, number][],
});

describe("layout", () => {
  it("puts the outside on top and the process at the bottom, each machine into its block", () => {
    const placed = layout(
      [node("plc", "1", "a"), node("hmi", "2", "a"), node("office", "4", "b"), node("io", "0", "a")],
      zoneOf,
    );
    const height = (id: string) => placed.spots.get(id)?.y ?? Number.NaN;
    expect(placed.bands.map((band) => band.level)).toEqual(["4", "2", "1", "0"]);
    expect(height("office")).toBeLessThan(height("hmi"));
    expect(height("hmi")).toBeLessThan(height("plc"));
    expect(height("plc")).toBeLessThan(height("io"));
  });

  it("places 5,000 machines without two on one spot, in a picture of the wanted shape", () => {
    const nodes = Array.from({ length: 5_000 }, (_, index) =>
      node(`n${index}`, String(index % 4), `zone ${index % 40}`),
    );
    const placed = layout(nodes, zoneOf, 2);
    expect(placed.spots.size).toBe(5_000);
    expect(new Set([...placed.spots.values()].map((spot) => `${spot.x} ${spot.y}`)).size).toBe(5_000);
    expect(placed.width / placed.height).toBeGreaterThan(1.2);
    expect(placed.width / placed.height).toBeLessThan(3.3);
    for (const block of placed.blocks) expect(block.x + block.width).toBeLessThanOrEqual(placed.width + 0.001);
  });

  it("keeps unknown levels in a band of their own, and bears nothing at all", () => {
    expect(layout([node("x", "7", "a")], zoneOf).bands.map((band) => band.level)).toEqual(["unknown"]);
    expect(layout([], zoneOf).spots.size).toBe(0);
  });
});

describe("networks", () => {
  it("the narrowest that holds an address", () => {
    expect(networkOf(["10.20.1.9"], ["10.0.0.0/8", "10.20.1.0/24", "10.20.8.0/24"])).toBe("10.20.1.0/24");
    expect(networkOf(["192.168.0.1"], ["10.0.0.0/8"])).toBeUndefined();
    expect(networkOf(["fe80:0:0:1::5"], ["fe80:0:0:1::/64"])).toBe("fe80:0:0:1::/64");
  });
});

describe("links", () => {
  it("one for two machines, coloured by the gravest thing done", () => {
    const made = links(
      [
        edge("a", "b", "read"),
        edge("b", "a", "program", "s7comm"),
        edge("a", "a", "read"),
        { ...edge("a", "g", "read"), is_group: true },
      ],
      deedOf,
    );
    expect(made).toEqual([{ from: "a", to: "b", protocols: ["modbus", "s7comm"], packets: 20, deed: "engineer" }]);
  });

  it("between zones are bundled, within a zone left out", () => {
    const nodes = [node("a", "1", "x"), node("b", "1", "x"), node("c", "1", "y"), node("d", "2", "y")];
    const placed = layout(nodes, zoneOf);
    const made = bundles(
      links([edge("a", "b", "read"), edge("a", "c", "read"), edge("b", "c", "stop"), edge("c", "d", "read")], deedOf),
      placed,
    );
    expect(made.map((bundle) => [bundle.count, bundle.deed])).toEqual([
      [2, "command"],
      [1, "observe"],
    ]);
  });
});

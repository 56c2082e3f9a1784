import { describe, expect, it } from "vitest";
import type { Finding, Severity } from "../../api/types";
import { stories } from "./stories";

const finding = (id: string, severity: Severity, first: string, from: string | null, to: string | null): Finding => ({
  id,
  detector: id,
  title: id,
  severity,
  first,
  last: first,
  count: 1,
  evidence: [],
  from_asset: from,
  to_asset: to,
});

describe("stories", () => {
  it("tell together what one machine did, in order of time, the worst story first", () => {
    const told = stories([
      finding("late", "low", "2026-03-02T07:00:03Z", "laptop", "plc-2"),
      finding("weakness", "medium", "2026-03-02T06:00:00Z", null, "plc-1"),
      finding("scan", "medium", "2026-03-02T07:00:01Z", "laptop", null),
      finding("stop", "high", "2026-03-02T07:00:02Z", "laptop", "plc-1"),
      finding("storm", "medium", "2026-03-02T05:00:00Z", null, null),
    ]);
    expect(told.map((story) => [story.by, story.on, story.worst, story.findings.map((one) => one.id)])).toEqual([
      ["laptop", ["plc-1", "plc-2"], "high", ["scan", "stop", "late"]],
      [null, ["plc-1"], "medium", ["weakness"]],
      [null, [], "medium", ["storm"]],
    ]);
    expect([told[0]?.first, told[0]?.last]).toEqual(["2026-03-02T07:00:01Z", "2026-03-02T07:00:03Z"]);
  });

  it("of nothing are none", () => {
    expect(stories([])).toEqual([]);
  });
});

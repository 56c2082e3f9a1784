import { describe, expect, it } from "vitest";
import { mayDo } from "./roles";

describe("roles", () => {
  it("rise, but for the auditor, who reads the ledger and changes nothing", () => {
    expect(mayDo("administrator", "auditor")).toBe(true);
    expect(mayDo("engineer", "analyst")).toBe(true);
    expect(mayDo("engineer", "auditor")).toBe(false);
    expect(mayDo("auditor", "auditor")).toBe(true);
    expect(mayDo("auditor", "viewer")).toBe(true);
    expect(mayDo("auditor", "analyst")).toBe(false);
    expect(mayDo("viewer", "analyst")).toBe(false);
    expect(mayDo(undefined, "viewer")).toBe(false);
  });
});

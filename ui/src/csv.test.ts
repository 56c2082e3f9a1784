import { describe, expect, it } from "vitest";
import { csv } from "./csv";

describe("csv", () => {
  it("quotes what needs it", () => {
    expect(
      csv(
        ["a", "b"],
        [
          ['x,"y"', null],
          [1, -2.5],
        ],
      ),
    ).toBe('a,b\r\n"x,""y""",\r\n1,-2.5\r\n');
  });

  it("runs no formula that a machine put into its name", () => {
    expect(csv(["name"], [["=HYPERLINK(1)"], ["-5"], ["@x"]])).toBe("name\r\n'=HYPERLINK(1)\r\n-5\r\n'@x\r\n");
  });
});

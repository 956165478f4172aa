import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellOf, csvLine } from "./csv.ts";

describe("a cell", () => {
  it.each([
    [null, ""],
    [undefined, ""],
    [-47.5, "-47.5"],
    [true, "true"],
    ["plain", "plain"],
    ["a,b", '"a,b"'],
    ['say "so"', '"say ""so"""'],
    ["two\r\nlines", '"two\r\nlines"'],
    ['{"a":1}', '"{""a"":1}"'],
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", '"\'\r=1"'],
    ["＝1", "'＝1"],
    ["'quoted", "''quoted"],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
  ])("of %j is %s", (value, cell) => {
    expect(cellOf(value)).toBe(cell);
  });

  it("never begins, for a spreadsheet, as a formula does", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom("", "=", "+", "-", "@", "\t", "\r", "'"),
        (text, head) => {
          const cell = cellOf(head + text).replace(/^"/, "");
          expect(cell).not.toMatch(/^[=+\-@\t\r]/);
        },
      ),
    );
  });
});

it("a line ends with CRLF", () => {
  expect(csvLine(["a", null, 1])).toBe("a,,1\r\n");
});

import { expect, it } from "vitest";
import { etagOf, ifMatchAllows } from "./etag.ts";

it.each([
  [undefined, true],
  ["*", true],
  [etagOf(7), true],
  ['W/"7"', true],
  [' "6" , "7" ', true],
  ['"6"', false],
  ['"77"', false],
  ["7", false],
  ["", false],
  ['"*"', false],
  ["nonsense", false],
])("N13: If-Match %j against revision 7: %j", (ifMatch, allowed) => {
  expect(ifMatchAllows(ifMatch, 7)).toBe(allowed);
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { splitAt } from "./split.ts";

test("no key before the place is greater and none after it less, and every item keeps its key", () => {
  const keys = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer()), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(keys, fc.nat(), (values, seed) => {
      const at = seed % values.length;
      const keys = Float64Array.from(values);
      const items = Int32Array.from(values, (_, i) => i);
      splitAt(at, keys, items, 0, values.length - 1);
      expect(Math.max(...keys.subarray(0, at + 1))).toBe(keys[at]);
      expect(Math.min(...keys.subarray(at))).toBe(keys[at]);
      expect([...items].sort((a, b) => a - b)).toEqual(values.map((_, i) => i));
      expect([...items].map((item) => values[item])).toEqual([...keys]);
    }),
  );
});

test("leaves places outside the range alone", () => {
  const keys = Float64Array.of(9, 3, 2, 1, 0);
  splitAt(2, keys, Int32Array.of(0, 1, 2, 3, 4), 1, 3);
  expect([...keys]).toEqual([9, 1, 2, 3, 0]);
});

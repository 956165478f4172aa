import fc from "fast-check";
import { expect, test } from "vitest";
import { covers, including, type Ranges } from "./ranges.ts";

const run = fc
  .tuple(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 12n }))
  .map(([first, length]) => [first, first + length] as const);

test("runs cover what was included and nothing else, are ascending, and none touches another", () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
      const ranges = runs.reduce<Ranges>((all, one) => including(all, one), []);
      for (let n = 0n; n <= 75n; n++) {
        expect(covers(ranges, n)).toBe(runs.some(([first, last]) => first <= n && n <= last));
      }
      for (const [i, [first]] of ranges.entries())
        if (i > 0) expect(first).toBeGreaterThan(ranges[i - 1]![1] + 1n);
    }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bounded, MAX_DATA_BYTES } from "./bounded.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 500);

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const value = fc.oneof(
  fc.jsonValue(),
  fc.constant(undefined),
  // From a few bytes to more than everything may have; "é" has two, "\n" is written as two.
  fc.tuple(fc.constantFrom("x", "é", "\n", "😀"), fc.nat(40_000)).map(([one, count]) => one.repeat(count)),
);
/** As many fields as the views have, and some. */
const fields = fc.dictionary(fc.string({ maxLength: 20 }), value, { maxKeys: 40, noNullPrototype: true });

describe("E10: data", () => {
  test("has at most 24 KB, and is left as it is when it fits", () => {
    let cut = 0;
    fc.assert(
      fc.property(fields, (given) => {
        fc.pre(!Object.hasOwn(given, "__proto__"));
        const fitting = bounded(given);
        expect(bytesOf(fitting)).toBeLessThanOrEqual(MAX_DATA_BYTES);
        expect(Object.keys(fitting)).toEqual(Object.keys(given));
        if (bytesOf(given) <= MAX_DATA_BYTES) {
          expect(fitting).toEqual(given);
          return;
        }
        cut++;
        const whole = Object.keys(given).filter((name) => fitting[name] === given[name]);
        const omitted = Object.keys(given).filter((name) => fitting[name] !== given[name]);
        for (const name of omitted) expect(fitting[name]).toEqual({ omitted_bytes: bytesOf(given[name]) });
        // The largest give way, and no more of them than need be.
        const size = (name: string) => (given[name] === undefined ? 0 : bytesOf(given[name]));
        const least = Math.min(...omitted.map(size));
        expect(Math.max(0, ...whole.map(size))).toBeLessThanOrEqual(least);
        const last = omitted.filter((name) => size(name) === least);
        expect(last.some((name) => bytesOf({ ...fitting, [name]: given[name] }) > MAX_DATA_BYTES)).toBe(true);
      }),
      { numRuns: RUNS },
    );
    expect(cut).toBeGreaterThan(0);
  });

  test("of exactly 24 KB fits, and of one byte more does not", () => {
    const of = (bytes: number) => ({ a: 1, text: "x".repeat(bytes - bytesOf({ a: 1, text: "" })) });
    expect(bytesOf(of(MAX_DATA_BYTES))).toBe(MAX_DATA_BYTES);
    expect(bounded(of(MAX_DATA_BYTES))).toEqual(of(MAX_DATA_BYTES));
    const { text } = of(MAX_DATA_BYTES + 1);
    expect(bounded(of(MAX_DATA_BYTES + 1))).toEqual({ a: 1, text: { omitted_bytes: text.length + 2 } });
  });

  test("without fields is without fields", () => expect(bounded({})).toEqual({}));
});

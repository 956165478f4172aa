import fc from "fast-check";
import { v4, v7, validate, version } from "uuid";
import { describe, expect, test } from "vitest";
import { endOf, eventId, FIRST_READING, type Place, placeOf } from "./id.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 2000);
const LAST_INDEX = 2 ** 20 - 1;

const place = fc.record({
  at: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  seq: fc.integer({ min: 0, max: 2 ** 44 - 1 }),
  index: fc.integer({ min: 0, max: LAST_INDEX }),
});
/** Two places that are often alike in their first numbers. */
const pair = fc
  .tuple(place, place, fc.constantFrom(0, 1, 2, 3))
  .map(([a, b, alike]): [Place, Place] => [
    a,
    { at: alike > 0 ? a.at : b.at, seq: alike > 1 ? a.seq : b.seq, index: alike > 2 ? a.index : b.index },
  ]);

function compare(a: Place, b: Place): number {
  return Math.sign(a.at - b.at || a.seq - b.seq || a.index - b.index);
}

describe("E8: ids", () => {
  test("are UUIDv7 and lead back to their place", () => {
    fc.assert(
      fc.property(place, (given) => {
        const id = eventId(given);
        expect(validate(id) && version(id)).toBe(7);
        expect(placeOf(id)).toEqual(given);
      }),
      { numRuns: RUNS },
    );
  });

  test("sort as (time, number, index) do", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [one, other] = [eventId(a), eventId(b)];
        expect(one < other ? -1 : one > other ? 1 : 0).toBe(compare(a, b));
      }),
      { numRuns: RUNS },
    );
  });

  test.each([
    { at: 0, seq: 0, index: 0 },
    { at: 2 ** 48 - 1, seq: 2 ** 44 - 1, index: LAST_INDEX },
  ])("reach to $at, $seq, $index", (given) => expect(placeOf(eventId(given))).toEqual(given));

  test.each([
    { at: 2 ** 48, seq: 1, index: 1 },
    { at: 1, seq: 2 ** 44, index: 1 },
    { at: 1, seq: 1, index: LAST_INDEX + 1 },
    { at: -1, seq: 1, index: 1 },
    { at: 1, seq: -1, index: 1 },
    { at: 1, seq: 1, index: -1 },
    { at: 1.5, seq: 1, index: 1 },
    { at: Number.NaN, seq: 1, index: 1 },
  ])("are refused for $at, $seq, $index", (given) => expect(() => eventId(given)).toThrow(RangeError));

  test("the end of an entry is after its facts and readings and before the next one", () => {
    fc.assert(
      fc.property(place, ({ at, seq, index }) => {
        fc.pre(index < LAST_INDEX && seq < 2 ** 44 - 1);
        const end = endOf({ at, seq });
        expect(eventId({ at, seq, index }) < end).toBe(true);
        expect(end < eventId({ at, seq: seq + 1, index: 0 })).toBe(true);
        expect(FIRST_READING).toBeLessThan(LAST_INDEX);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("E8: what is no event's id names no place", () => {
  const known = eventId({ at: 1_800_000_000_000, seq: 1_800_000_000_123, index: 7 });

  test.each([
    "",
    "0",
    known.toUpperCase(),
    known.replaceAll("-", ""),
    `${known} `,
    `${known}\n`,
    `x${known}`,
    v4(),
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
  ])("%j", (id) => expect(placeOf(id)).toBeNull());

  test("any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(placeOf(text)).toBeNull();
      }),
      { numRuns: RUNS },
    );
  });

  test("an id with a digit changed, and UUIDv7 from elsewhere, but for some in a thousand", () => {
    const digits = [...known.matchAll(/[0-9a-f]/g)].map(({ index }) => index);
    let tried = 0;
    let passed = 0;
    for (const at of digits) {
      for (const digit of "0123456789abcdef") {
        if (known[at] === digit) continue;
        tried++;
        if (placeOf(known.slice(0, at) + digit + known.slice(at + 1)) !== null) passed++;
      }
    }
    const foreign = Array.from({ length: 20_000 }, (_, n) =>
      v7({
        msecs: 1_800_000_000_000 + n,
        random: Uint8Array.from({ length: 16 }, (_b, i) => (n * 31 + i * 97 + (n >> 8) * 13) & 255),
      }),
    );
    tried += foreign.length;
    passed += foreign.filter((id) => placeOf(id) !== null).length;
    expect(passed / tried).toBeLessThan(0.004);
  });
});

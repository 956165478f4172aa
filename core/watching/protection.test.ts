import fc from "fast-check";
import { expect, test } from "vitest";
import { isAlarming, judge, type Tally } from "./protection.ts";

const tally = (failing: number, pool: number, units = 1): Tally => ({
  wave: 60,
  pool,
  failing,
  probed: pool,
  units,
});

test("H9: more than half of at least ten", () => {
  expect(isAlarming(5, 9)).toBe(false);
  expect(isAlarming(9, 9)).toBe(false);
  expect(isAlarming(5, 10)).toBe(false);
  expect(isAlarming(6, 10)).toBe(true);
});

test("H9: a whole wave is judged by itself alone, whatever the one before said", () => {
  expect(judge(tally(55, 100), tally(0, 100), 1)).toEqual({ protected: true, certain: true });
  expect(judge(tally(5, 100), tally(100, 100), 1)).toEqual({ protected: false, certain: true });
});

test("H9: while units are missing, the wave before holds on", () => {
  expect(judge(tally(0, 40), tally(100, 100), 3)).toEqual({ protected: true, certain: false });
});

test("H9: a dead region is not the fleet, though its unit comes first", () => {
  expect(judge(tally(64, 64), tally(0, 1000), 16)).toEqual({ protected: false, certain: false });
  expect(judge(tally(501, 501, 8), tally(0, 1000), 16)).toEqual({ protected: true, certain: true });
});

test("H9: with no wave before, a part that fails is enough to doubt, not to be certain", () => {
  expect(judge(tally(64, 64), null, 16)).toEqual({ protected: true, certain: false });
  expect(judge(tally(3, 64), null, 16)).toEqual({ protected: false, certain: false });
});

test("H9: what is certain of a part is true of the whole wave, in a fleet that stays as large", () => {
  const unit = fc
    .integer({ min: 1, max: 64 })
    .chain((pool) => fc.tuple(fc.integer({ min: 0, max: pool }), fc.constant(pool)));
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 20 }), (units) => {
      const all = units.reduce((sum, [, pool]) => sum + pool, 0);
      let failing = 0;
      let pool = 0;
      const verdicts = units.map(([bad, size], i) => {
        failing += bad;
        pool += size;
        return judge(tally(failing, pool, i + 1), tally(0, all), units.length);
      });
      const whole = verdicts.at(-1)!;
      expect(whole).toEqual({ protected: isAlarming(failing, all), certain: true });
      for (const verdict of verdicts) if (verdict.protected) expect(whole.protected).toBe(true);
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { aligned, BUCKET_MS, DAY_MS, HOUR_MS, KEPT_MS, MINUTE_MS, pieces } from "./periods.ts";

const minute = fc.integer({ min: 0, max: 5 * 24 * 60 }).map((n) => n * MINUTE_MS);

test("R12: pieces cover a range without gap or overlap; only those that may be used are whole, and minutes lie in one hour", () => {
  fc.assert(
    fc.property(minute, minute, fc.func(fc.boolean()), (a, b, has) => {
      const range = { since: Math.min(a, b), until: Math.max(a, b) };
      const cut = pieces(range, has);
      let at = range.since;
      for (const piece of cut) {
        expect(piece.since).toBe(at);
        expect(piece.until).toBeGreaterThan(piece.since);
        if (piece.of === "minute") {
          expect(Math.floor(piece.since / HOUR_MS)).toBe(Math.floor((piece.until - 1) / HOUR_MS));
        } else {
          expect(has(piece.of, piece.since)).toBe(true);
          expect(piece.until - piece.since).toBe(BUCKET_MS[piece.of]);
          expect(piece.since % BUCKET_MS[piece.of]).toBe(0);
        }
        at = piece.until;
      }
      expect(at).toBe(range.until);
    }),
  );
});

test("R12: a range is widened to what is still kept, by as little as that takes", () => {
  const now = Date.parse("2026-06-15T10:20:30.500Z");
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 * DAY_MS }),
      fc.integer({ min: 1, max: 60 * DAY_MS }),
      (age, length) => {
        const asked = { since: now - age, until: now - age + length };
        const range = aligned(asked, now);
        expect(range.since).toBeLessThanOrEqual(asked.since);
        expect(range.until).toBeGreaterThanOrEqual(Math.min(asked.until, now));
        for (const [edge, given] of [
          [range.since, asked.since],
          [range.until, Math.min(asked.until, now)],
        ] as const) {
          const old = now - given;
          expect(edge % MINUTE_MS).toBe(0);
          if (old < KEPT_MS.minute - HOUR_MS) expect(Math.abs(edge - given)).toBeLessThanOrEqual(MINUTE_MS);
          if (old > KEPT_MS.minute) expect(edge % HOUR_MS).toBe(0);
          if (old > KEPT_MS.hour) expect(edge % DAY_MS).toBe(0);
          expect(Math.abs(edge - given)).toBeLessThanOrEqual(old > KEPT_MS.hour - DAY_MS ? DAY_MS : HOUR_MS);
        }
      },
    ),
  );
});

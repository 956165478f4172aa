import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chord2ToKm, kmToChord2, unitX, unitY, unitZ } from "./chord.ts";
import { EARTH_RADIUS_KM, haversineKm, type Position } from "./position.ts";

const HALF_ROUND_KM = Math.PI * EARTH_RADIUS_KM;

const position = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});

function chord2(a: Position, b: Position): number {
  const dx = unitX(a.lat, a.lng) - unitX(b.lat, b.lng);
  const dy = unitY(a.lat, a.lng) - unitY(b.lat, b.lng);
  const dz = unitZ(a.lat) - unitZ(b.lat);
  return dx * dx + dy * dy + dz * dz;
}

describe("the squared chord", () => {
  test("is the great-circle distance in another measure", () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const km = haversineKm(a, b);
        // Close to the antipode doubles near 4 run out of digits: see chord2ToKm.
        const digits = km > HALF_ROUND_KM - 100 ? 3 : 8;
        expect(chord2ToKm(chord2(a, b))).toBeCloseTo(km, digits);
      }),
    );
  });

  test("there and back is the same", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: HALF_ROUND_KM - 100, noNaN: true }), (km) => {
        expect(chord2ToKm(kmToChord2(km))).toBeCloseTo(km, 8);
      }),
    );
  });

  test("spans the diameter from half the circumference on", () => {
    expect(kmToChord2(HALF_ROUND_KM)).toBe(4);
    expect(kmToChord2(1e9)).toBe(4);
    expect(kmToChord2(Number.POSITIVE_INFINITY)).toBe(4);
    expect(kmToChord2(0)).toBe(0);
    expect(chord2ToKm(4 + 1e-15)).toBe(HALF_ROUND_KM);
  });
});

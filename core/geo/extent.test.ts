import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unitX, unitY, unitZ } from "./chord.ts";
import { type Extent, extentMaxKm, extentMinChord2, extentMinKm } from "./extent.ts";
import { EARTH_RADIUS_KM, haversineKm, type Position } from "./position.ts";

const DEGREE_KM = (Math.PI * EARTH_RADIUS_KM) / 180;

/** Degrees as they occur, with the edges of the map far more often than chance would bring them. */
function degrees(bound: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.double({ min: -bound, max: bound, noNaN: true }),
    fc.constantFrom(-bound, -bound / 2, 0, bound / 2, bound),
    fc.double({ min: -1e-3, max: 0, noNaN: true }).map((below) => bound + below),
    fc.integer({ min: -bound, max: bound }),
  );
}
const position: fc.Arbitrary<Position> = fc.record({ lat: degrees(90), lng: degrees(180) });

function sorted(a: number, b: number): [number, number] {
  return a < b ? [a, b] : [b, a];
}
function extentOf(a: Position, b: Position): Extent {
  const [minLat, maxLat] = sorted(a.lat, b.lat);
  const [minLng, maxLng] = sorted(a.lng, b.lng);
  return { minLat, minLng, maxLat, maxLng };
}
const extent: fc.Arbitrary<Extent> = fc.oneof(
  fc.tuple(position, position).map(([a, b]) => extentOf(a, b)),
  fc
    .tuple(position, fc.double({ min: 0, max: 0.01, noNaN: true }))
    .map(([a, size]) => extentOf(a, { lat: Math.min(90, a.lat + size), lng: Math.min(180, a.lng + size) })),
  position.map((a) => extentOf(a, a)),
);

function within(extent: Extent, u: number, v: number): Position {
  return {
    lat: Math.min(extent.maxLat, extent.minLat + u * (extent.maxLat - extent.minLat)),
    lng: Math.min(extent.maxLng, extent.minLng + v * (extent.maxLng - extent.minLng)),
  };
}

/** A grid over the whole extent, and the distance from any position of it to the next of the grid. */
function samples(extent: Extent, steps: number): { positions: Position[]; gapKm: number } {
  const positions: Position[] = [];
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j <= steps; j++) positions.push(within(extent, i / steps, j / steps));
  }
  const degrees = (extent.maxLat - extent.minLat + (extent.maxLng - extent.minLng)) / (2 * steps);
  return { positions, gapKm: degrees * DEGREE_KM };
}

describe("extentMinKm", () => {
  test("is the least distance to a dense sample, neither more nor less", () => {
    fc.assert(
      fc.property(extent, position, (extent, at) => {
        const { positions, gapKm } = samples(extent, 24);
        const least = Math.min(...positions.map((sample) => haversineKm(sample, at)));
        const bound = extentMinKm(extent, at);
        expect(bound).toBeLessThanOrEqual(least + 1e-9);
        expect(bound).toBeGreaterThanOrEqual(least - gapKm - 1e-9);
      }),
      { numRuns: 300 },
    );
  });

  test("is attained: going where it claims to be nearest ends at a position that is as near as claimed", () => {
    fc.assert(
      fc.property(extent, position, (extent, at) => {
        expect(haversineKm(descend(extent, at), at) - extentMinKm(extent, at)).toBeLessThan(1e-8);
      }),
      { numRuns: 500 },
    );
  });

  test("is 0 inside", () => {
    fc.assert(
      fc.property(
        extent,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (extent, u, v) => {
          expect(extentMinKm(extent, within(extent, u, v))).toBe(0);
        },
      ),
    );
  });

  test("goes over the pole when that is nearer", () => {
    const beyond = { minLat: 80, maxLat: 85, minLng: 0, maxLng: 0 };
    expect(extentMinKm(beyond, { lat: 88, lng: 180 })).toBeCloseTo(7 * DEGREE_KM, 9);
    const cap = { minLat: 80, maxLat: 90, minLng: 50, maxLng: 60 };
    expect(extentMinKm(cap, { lat: 88, lng: 180 })).toBeCloseTo(2 * DEGREE_KM, 9);
  });

  test("goes over the antimeridian when that is nearer", () => {
    const east = { minLat: -1, maxLat: 1, minLng: 170, maxLng: 180 };
    expect(extentMinKm(east, { lat: 0, lng: -179 })).toBeCloseTo(DEGREE_KM, 9);
    expect(extentMinKm(east, { lat: 0, lng: -180 })).toBeCloseTo(0, 9);
  });

  test("finds the great circle's bulge, which passes above both corners", () => {
    const edge = { minLat: 0, maxLat: 80, minLng: 0, maxLng: 1 };
    const at = { lat: 50, lng: -60 };
    const corners = [0, 80].map((lat) => haversineKm({ lat, lng: 0 }, at));
    expect(extentMinKm(edge, at)).toBeLessThan(haversineKm({ lat: 50, lng: 0 }, at) - 100);
    expect(extentMinKm(edge, at)).toBeLessThan(Math.min(...corners));
  });
});

test("extentMaxKm is the greatest distance to a dense sample, neither more nor less", () => {
  fc.assert(
    fc.property(extent, position, (extent, at) => {
      const { positions, gapKm } = samples(extent, 24);
      const greatest = Math.max(...positions.map((sample) => haversineKm(sample, at)));
      const bound = extentMaxKm(extent, at);
      expect(bound).toBeGreaterThanOrEqual(greatest - 1e-9);
      expect(bound).toBeLessThanOrEqual(greatest + gapKm + 1e-9);
    }),
    { numRuns: 200 },
  );
});

describe("extentMinChord2", () => {
  test("never exceeds the chord to a position inside, to the last bit", () => {
    fc.assert(
      fc.property(extent, position, (extent, at) => {
        const bound = extentMinChord2(extent, at);
        expect(samples(extent, 12).positions.filter((sample) => chord2(sample, at) < bound)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("is the very chord of an extent of one position", () => {
    fc.assert(
      fc.property(position, position, (only, at) => {
        expect(extentMinChord2(extentOf(only, only), at)).toBe(chord2(only, at));
      }),
    );
  });
});

function chord2(a: Position, b: Position): number {
  const dx = unitX(b.lat, b.lng) - unitX(a.lat, a.lng);
  const dy = unitY(b.lat, b.lng) - unitY(a.lat, a.lng);
  const dz = unitZ(b.lat) - unitZ(a.lat);
  return dx * dx + dy * dy + dz * dz;
}

/** Halves the extent both ways and goes into the quarter that claims to be nearest, until it is a single position. */
function descend(extent: Extent, at: Position): Position {
  let { minLat, minLng, maxLat, maxLng } = extent;
  for (let round = 0; round < 60; round++) {
    const lat = (minLat + maxLat) / 2;
    const lng = (minLng + maxLng) / 2;
    const quarters = [
      { minLat, minLng, maxLat: lat, maxLng: lng },
      { minLat, minLng: lng, maxLat: lat, maxLng },
      { minLat: lat, minLng, maxLat, maxLng: lng },
      { minLat: lat, minLng: lng, maxLat, maxLng },
    ];
    const claims = quarters.map((quarter) => extentMinKm(quarter, at));
    ({ minLat, minLng, maxLat, maxLng } = quarters[claims.indexOf(Math.min(...claims))]!);
  }
  return { lat: minLat, lng: minLng };
}

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unitX, unitY, unitZ } from "../geo/index.ts";
import { boundsToBoxes, boxChord2, mergeBounds, writeBoundsOfExtent } from "./box.ts";

const lat = fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, 0, 90));
const lng = fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constantFrom(-180, -90, 0, 90, 180));
const share = fc.double({ min: 0, max: 1, noNaN: true });
const vector = fc
  .tuple(lat, lng)
  .map(([lat, lng]) => [unitX(lat, lng), unitY(lat, lng), unitZ(lat)] as const);

describe("bounds of an extent", () => {
  test("hold the unit vector of every position in it", () => {
    fc.assert(
      fc.property(fc.tuple(lat, lat), fc.tuple(lng, lng), share, share, (lats, lngs, u, v) => {
        const extent = {
          minLat: Math.min(...lats),
          maxLat: Math.max(...lats),
          minLng: Math.min(...lngs),
          maxLng: Math.max(...lngs),
        };
        const bounds = new Float64Array(6);
        writeBoundsOfExtent(bounds, 0, extent);
        const inside = {
          lat: Math.min(extent.maxLat, extent.minLat + u * (extent.maxLat - extent.minLat)),
          lng: Math.min(extent.maxLng, extent.minLng + v * (extent.maxLng - extent.minLng)),
        };
        const at = [unitX(inside.lat, inside.lng), unitY(inside.lat, inside.lng), unitZ(inside.lat)];
        for (const [axis, value] of at.entries()) {
          expect(value).toBeGreaterThanOrEqual(bounds[axis]!);
          expect(value).toBeLessThanOrEqual(bounds[axis + 3]!);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("are tight", () => {
    const bounds = new Float64Array(6);
    writeBoundsOfExtent(bounds, 0, { minLat: 0, maxLat: 60, minLng: 90, maxLng: 180 });
    for (const [i, value] of [-1, 0, 0, 0, 1, Math.sqrt(3) / 2].entries())
      expect(bounds[i]).toBeCloseTo(value, 14);
  });
});

describe("boxChord2", () => {
  test("never exceeds the squared chord to a point in the box, to the last bit", () => {
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 5 }), vector, (points, [x, y, z]) => {
        const box = Float64Array.of(2, 2, 2, -2, -2, -2);
        for (const point of points) mergeBounds(box, 0, Float64Array.of(...point, ...point), 0);
        boundsToBoxes(box);
        const bound = boxChord2(box, 0, x, y, z);
        for (const point of points) {
          const dx = point[0] - x;
          const dy = point[1] - y;
          const dz = point[2] - z;
          expect(bound).toBeLessThanOrEqual(dx * dx + dy * dy + dz * dz);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("is the squared way to the nearest corner, edge or face, and 0 inside", () => {
    const box = Float64Array.of(-0.1, -0.2, -0.3, 0.1, 0.2, 0.3);
    boundsToBoxes(box);
    expect(boxChord2(box, 0, 0.05, -0.1, 0.2)).toBe(0);
    expect(boxChord2(box, 0, 0.2, 0, 0)).toBeCloseTo(0.01, 12);
    expect(boxChord2(box, 0, 0.2, -0.4, 0)).toBeCloseTo(0.05, 12);
    expect(boxChord2(box, 0, -0.2, 0.4, 0.6)).toBeCloseTo(0.14, 12);
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { extentOf, keyOf, positionBits, siblingOf } from "./key.ts";

const latitude = fc.oneof(fc.constantFrom(-90, 90, 0, -0), fc.double({ min: -90, max: 90, noNaN: true }));
const longitude = fc.oneof(
  fc.constantFrom(-180, 180, 0, -0),
  fc.double({ min: -180, max: 180, noNaN: true }),
);

test("every prefix of a node's key covers the node's position", () => {
  fc.assert(
    fc.property(fc.string(), latitude, longitude, fc.integer({ min: 1, max: 85 }), (id, lat, lng, length) => {
      const key = keyOf({ id, lat, lng });
      expect(key).toMatch(/^g[01]{84}$/);
      const extent = extentOf(key.slice(0, length));
      expect(extent.minLat).toBeLessThanOrEqual(lat);
      expect(extent.maxLat).toBeGreaterThanOrEqual(lat);
      expect(extent.minLng).toBeLessThanOrEqual(lng);
      expect(extent.maxLng).toBeGreaterThanOrEqual(lng);
    }),
    { numRuns: 2000 },
  );
});

test("two halves of a prefix make its rectangle", () => {
  const prefix = "g0110101";
  const [low, high, whole] = [extentOf(`${prefix}0`), extentOf(`${prefix}1`), extentOf(prefix)];
  expect({ ...low, maxLat: high.maxLat, maxLng: high.maxLng }).toEqual(whole);
  expect(siblingOf(`${prefix}0`)).toBe(`${prefix}1`);
  expect(siblingOf(`${prefix}1`)).toBe(`${prefix}0`);
  expect(siblingOf("g")).toBeNull();
});

test("a node without a position has a key of its id alone, and its tree is the whole Earth", () => {
  expect(keyOf({ id: "a" })).toMatch(/^n[01]{32}$/);
  expect(keyOf({ id: "a" })).not.toBe(keyOf({ id: "b" }));
  expect(extentOf("n0101")).toEqual({ minLat: -90, minLng: -180, maxLat: 90, maxLng: 180 });
});

test("nodes on one spot share the bits of the place and differ behind them", () => {
  const at = { lat: -17.7, lng: 180 };
  const [a, b] = [keyOf({ id: "a", ...at }), keyOf({ id: "b", ...at })];
  expect(a.slice(0, 53)).toBe(positionBits(at.lat, at.lng));
  expect(b.slice(0, 53)).toBe(positionBits(at.lat, at.lng));
  expect(a.slice(53)).not.toBe(b.slice(53));
});

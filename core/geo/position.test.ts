import { describe, expect, test } from "vitest";
import { antipode, EARTH_RADIUS_KM, haversineKm } from "./position.ts";

const HALF_ROUND_KM = Math.PI * EARTH_RADIUS_KM;

describe("haversineKm", () => {
  test("measures known ways", () => {
    const paris = { lat: 48.8566, lng: 2.3522 };
    const newYork = { lat: 40.7128, lng: -74.006 };
    expect(haversineKm(paris, newYork)).toBeCloseTo(5837.25, 1);
    expect(haversineKm({ lat: 0, lng: 0 }, { lat: 0, lng: 90 })).toBeCloseTo(HALF_ROUND_KM / 2, 9);
    expect(haversineKm({ lat: 90, lng: 12 }, { lat: 90, lng: -100 })).toBeCloseTo(0, 9);
  });

  test("crosses the antimeridian the short way", () => {
    const degree = HALF_ROUND_KM / 180;
    expect(haversineKm({ lat: 0, lng: 179.5 }, { lat: 0, lng: -179.5 })).toBeCloseTo(degree, 9);
    expect(haversineKm({ lat: 12, lng: 180 }, { lat: 12, lng: -180 })).toBeCloseTo(0, 9);
  });

  test("tells metres apart near the antipode", () => {
    const here = { lat: 30, lng: 40 };
    const metre = 0.001 / (HALF_ROUND_KM / 180);
    const opposite = antipode(here);
    expect(haversineKm(here, opposite)).toBeCloseTo(HALF_ROUND_KM, 9);
    expect(haversineKm(here, { ...opposite, lat: opposite.lat + metre })).toBeCloseTo(
      HALF_ROUND_KM - 0.001,
      9,
    );
  });
});

test("the antipode stays within the bounds of degrees", () => {
  expect(antipode({ lat: 10, lng: 180 })).toEqual({ lat: -10, lng: 0 });
  expect(antipode({ lat: -10, lng: -180 })).toEqual({ lat: 10, lng: 0 });
  expect(antipode({ lat: 5, lng: 20 })).toEqual({ lat: -5, lng: -160 });
});

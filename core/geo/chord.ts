import { EARTH_RADIUS_KM } from "./position.ts";

/*
 * A position is also a unit vector from the Earth's centre. The straight line between two of them, the chord, grows
 * with the great-circle distance, so its square orders positions by distance with three multiplications, no
 * trigonometry, and no special case at the poles or the antimeridian.
 */

const RAD = Math.PI / 180;

/** First coordinate of a position's unit vector: towards 0°N 0°E. */
export function unitX(lat: number, lng: number): number {
  return Math.cos(lat * RAD) * Math.cos(lng * RAD);
}

/** Second coordinate of a position's unit vector: towards 0°N 90°E. */
export function unitY(lat: number, lng: number): number {
  return Math.cos(lat * RAD) * Math.sin(lng * RAD);
}

/** Third coordinate of a position's unit vector: towards the north pole. */
export function unitZ(lat: number): number {
  return Math.sin(lat * RAD);
}

/**
 * Square of the chord on the unit sphere that spans a great-circle distance, in [0, 4].
 * Half the circumference or more spans the whole diameter.
 */
export function kmToChord2(km: number): number {
  const angle = km / EARTH_RADIUS_KM;
  if (angle >= Math.PI) return 4;
  const half = Math.sin(angle / 2);
  return 4 * half * half;
}

/**
 * Great-circle distance in km of a squared chord. Exact to about 1e-11 km on the near side of the Earth; within metres
 * of the antipode doubles so close to 4 leave ±0.2 m, where `haversineKm` of the positions does not.
 */
export function chord2ToKm(chord2: number): number {
  return chord2 >= 4 ? Math.PI * EARTH_RADIUS_KM : 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(chord2) / 2);
}

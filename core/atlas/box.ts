import type { Extent } from "../geo/index.ts";

/*
 * Boxes stand in the space of unit vectors, where there is no pole and no antimeridian, six numbers each in a shared
 * Float64Array. While a tree is built they are bounds: the least x, y, z, then the greatest, which merge by minimum and
 * maximum. For searching they are turned into the centre's x, y, z and half the width along each, which is faster to measure.
 */

const RAD = Math.PI / 180;

/** No coordinate of a unit vector, and no difference of two, is rounded by as much as this: 6 nm on the ground. */
const ROUNDING = 1e-15;

/** Bounds of every position of an extent; rounding may leave them a little larger than they must be, never smaller. */
export function writeBoundsOfExtent(bounds: Float64Array, at: number, extent: Extent): void {
  const { minLat, minLng, maxLat, maxLng } = extent;
  const widest = minLat <= 0 && maxLat >= 0 ? 1 : Math.max(cosine(minLat), cosine(maxLat));
  const narrowest = Math.min(cosine(minLat), cosine(maxLat));

  const maxCos = minLng <= 0 && maxLng >= 0 ? 1 : Math.max(cosine(minLng), cosine(maxLng));
  const minCos = Math.min(cosine(minLng), cosine(maxLng));
  const maxSin = minLng <= 90 && maxLng >= 90 ? 1 : Math.max(sine(minLng), sine(maxLng));
  const minSin = minLng <= -90 && maxLng >= -90 ? -1 : Math.min(sine(minLng), sine(maxLng));

  bounds[at] = minCos * (minCos < 0 ? widest : narrowest) - ROUNDING;
  bounds[at + 1] = minSin * (minSin < 0 ? widest : narrowest) - ROUNDING;
  bounds[at + 2] = sine(minLat) - ROUNDING;
  bounds[at + 3] = maxCos * (maxCos < 0 ? narrowest : widest) + ROUNDING;
  bounds[at + 4] = maxSin * (maxSin < 0 ? narrowest : widest) + ROUNDING;
  bounds[at + 5] = sine(maxLat) + ROUNDING;
}

/** Widens the bounds at `at` so that they hold those at `from` in `others` too. */
export function mergeBounds(bounds: Float64Array, at: number, others: Float64Array, from: number): void {
  for (let axis = 0; axis < 3; axis++) {
    bounds[at + axis] = Math.min(bounds[at + axis]!, others[from + axis]!);
    bounds[at + 3 + axis] = Math.max(bounds[at + 3 + axis]!, others[from + 3 + axis]!);
  }
}

/** Turns bounds into the form that is searched, in place. */
export function boundsToBoxes(bounds: Float64Array): void {
  for (let at = 0; at < bounds.length; at += 6) {
    for (let axis = at; axis < at + 3; axis++) {
      const min = bounds[axis]!;
      const max = bounds[axis + 3]!;
      const centre = (min + max) / 2;
      bounds[axis] = centre;
      bounds[axis + 3] = Math.max(max - centre, centre - min) + ROUNDING;
    }
  }
}

/**
 * Squared chord from (x, y, z) to the nearest of a box, 0 inside, and never more than the squared chord to a point in the
 * box as computed from coordinates: `ROUNDING` puts each axis below the point's, and rounded squares and sums keep that
 * order. Twice the positive part of d is d + |d|: without branches, this is twice as fast as with Math.max.
 */
export function boxChord2(boxes: Float64Array, at: number, x: number, y: number, z: number): number {
  const dx = Math.abs(boxes[at]! - x) - boxes[at + 3]!;
  const dy = Math.abs(boxes[at + 1]! - y) - boxes[at + 4]!;
  const dz = Math.abs(boxes[at + 2]! - z) - boxes[at + 5]!;
  const twiceX = dx + Math.abs(dx);
  const twiceY = dy + Math.abs(dy);
  const twiceZ = dz + Math.abs(dz);
  return 0.25 * (twiceX * twiceX + twiceY * twiceY + twiceZ * twiceZ);
}

/** Squared chord from (x, y, z) to the centre of a box. */
export function centreChord2(boxes: Float64Array, at: number, x: number, y: number, z: number): number {
  const dx = boxes[at]! - x;
  const dy = boxes[at + 1]! - y;
  const dz = boxes[at + 2]! - z;
  return dx * dx + dy * dy + dz * dz;
}

function cosine(degrees: number): number {
  return Math.cos(degrees * RAD);
}

function sine(degrees: number): number {
  return Math.sin(degrees * RAD);
}

import type { Extent } from "../geo/index.ts";
import { extentOf } from "./key.ts";
import type { Member } from "./member.ts";

/** Steps that a side of the rectangle is divided into. */
const STEPS = 255;

/** Writes bounds as four bytes relative to the prefix's rectangle, rounded outwards. @returns the offset behind them. */
export function encodeBounds(prefix: string, bounds: Extent, bytes: Buffer, at: number): number {
  const all = extentOf(prefix);
  bytes.writeUInt8(stepBelow(bounds.minLat, all.minLat, all.maxLat), at);
  bytes.writeUInt8(stepBelow(bounds.minLng, all.minLng, all.maxLng), at + 1);
  bytes.writeUInt8(stepAbove(bounds.maxLat, all.minLat, all.maxLat), at + 2);
  bytes.writeUInt8(stepAbove(bounds.maxLng, all.minLng, all.maxLng), at + 3);
  return at + 4;
}

export function decodeBounds(prefix: string, bytes: Buffer, at: number): Extent {
  const all = extentOf(prefix);
  return {
    minLat: edgeAt(bytes.readUInt8(at), all.minLat, all.maxLat),
    minLng: edgeAt(bytes.readUInt8(at + 1), all.minLng, all.maxLng),
    maxLat: edgeAt(bytes.readUInt8(at + 2), all.minLat, all.maxLat),
    maxLng: edgeAt(bytes.readUInt8(at + 3), all.minLng, all.maxLng),
  };
}

/** Degrees of a step. The last is the edge itself: a sum could fall short of it by rounding. */
function edgeAt(step: number, from: number, to: number): number {
  return step === STEPS ? to : from + (step * (to - from)) / STEPS;
}

/**
 * The greatest step that is not above. Found by what steps are read as, not by division alone: a directory is packed again with every write, and
 * bounds that lie on a step must stay on it.
 */
function stepBelow(degrees: number, from: number, to: number): number {
  let step = stepNear(degrees, from, to);
  while (step > 0 && edgeAt(step, from, to) > degrees) step--;
  while (step < STEPS && edgeAt(step + 1, from, to) <= degrees) step++;
  return step;
}

/** The least step that is not below. */
function stepAbove(degrees: number, from: number, to: number): number {
  let step = stepNear(degrees, from, to);
  while (step < STEPS && edgeAt(step, from, to) < degrees) step++;
  while (step > 0 && edgeAt(step - 1, from, to) >= degrees) step--;
  return step;
}

function stepNear(degrees: number, from: number, to: number): number {
  return Math.max(0, Math.min(STEPS, Math.round(((degrees - from) / (to - from)) * STEPS)));
}

/** The tight bounds of members; the whole prefix where they have no position. */
export function boundsOf(prefix: string, members: readonly Member[]): Extent {
  let bounds: Extent | undefined;
  for (const { lat, lng } of members) {
    if (lat === undefined || lng === undefined) return extentOf(prefix);
    bounds = union(bounds, { minLat: lat, minLng: lng, maxLat: lat, maxLng: lng });
  }
  return bounds ?? extentOf(prefix);
}

export function union(a: Extent | undefined, b: Extent): Extent {
  if (!a) return b;
  return {
    minLat: Math.min(a.minLat, b.minLat),
    minLng: Math.min(a.minLng, b.minLng),
    maxLat: Math.max(a.maxLat, b.maxLat),
    maxLng: Math.max(a.maxLng, b.maxLng),
  };
}

export function contains(outer: Extent, inner: Extent): boolean {
  return (
    outer.minLat <= inner.minLat &&
    outer.minLng <= inner.minLng &&
    outer.maxLat >= inner.maxLat &&
    outer.maxLng >= inner.maxLng
  );
}

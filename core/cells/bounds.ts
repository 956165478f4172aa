import type { Extent } from "../geo/index.ts";
import { extentOf } from "./key.ts";
import type { Member } from "./member.ts";

/** Steps that a side of the rectangle is divided into. */
const STEPS = 255;

/** Writes bounds as four bytes relative to the prefix's rectangle, rounded outwards. @returns the offset behind them. */
export function encodeBounds(prefix: string, bounds: Extent, bytes: Buffer, at: number): number {
  const all = extentOf(prefix);
  const lat = (all.maxLat - all.minLat) / STEPS;
  const lng = (all.maxLng - all.minLng) / STEPS;
  const low = (value: number, from: number, step: number) => clamp(Math.floor((value - from) / step - 1e-9));
  const high = (value: number, from: number, step: number) => clamp(Math.ceil((value - from) / step + 1e-9));
  bytes.writeUInt8(low(bounds.minLat, all.minLat, lat), at);
  bytes.writeUInt8(low(bounds.minLng, all.minLng, lng), at + 1);
  bytes.writeUInt8(high(bounds.maxLat, all.minLat, lat), at + 2);
  bytes.writeUInt8(high(bounds.maxLng, all.minLng, lng), at + 3);
  return at + 4;
}

export function decodeBounds(prefix: string, bytes: Buffer, at: number): Extent {
  const all = extentOf(prefix);
  const lat = (all.maxLat - all.minLat) / STEPS;
  const lng = (all.maxLng - all.minLng) / STEPS;
  // The last step is the edge itself: a sum could fall short of it by rounding.
  const edge = (value: number, from: number, step: number, to: number) =>
    value === STEPS ? to : from + value * step;
  return {
    minLat: edge(bytes.readUInt8(at), all.minLat, lat, all.maxLat),
    minLng: edge(bytes.readUInt8(at + 1), all.minLng, lng, all.maxLng),
    maxLat: edge(bytes.readUInt8(at + 2), all.minLat, lat, all.maxLat),
    maxLng: edge(bytes.readUInt8(at + 3), all.minLng, lng, all.maxLng),
  };
}

function clamp(step: number): number {
  return Math.max(0, Math.min(STEPS, step));
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

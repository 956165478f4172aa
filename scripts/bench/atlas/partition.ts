import { type Patch, pointsOf } from "../../../core/atlas/index.ts";
import type { Extent, Position } from "../../../core/geo/index.ts";

/** A cell with the nodes in it: `members` are indexes into the positions, in the order of the patch's points. */
export interface Part {
  readonly patch: Patch;
  readonly members: readonly number[];
}

/** A geohash tells positions apart down to this many bits; nodes closer than that are merely dealt out. */
const MAX_BITS = 52;

/**
 * Cuts the globe as the real cells are cut: halved by longitude, then latitude, and so on, while more than `most` nodes are
 * inside. Every patch is resident, with the tight bounds of its nodes.
 */
export function partition(positions: readonly Position[], most = 64): Part[] {
  const parts: Part[] = [];
  const cut = (members: number[], bits: number, whole: Extent): void => {
    if (members.length === 0) return;
    if (members.length <= most || bits === MAX_BITS) {
      for (let i = 0; i < members.length; i += most) parts.push(part(positions, members.slice(i, i + most)));
      return;
    }
    const [low, high] = halves(whole, bits % 2 === 0);
    const inLow = (i: number): boolean =>
      bits % 2 === 0 ? positions[i]!.lng < low.maxLng : positions[i]!.lat < low.maxLat;
    cut(members.filter(inLow), bits + 1, low);
    cut(
      members.filter((i) => !inLow(i)),
      bits + 1,
      high,
    );
  };
  cut(
    positions.map((_, i) => i),
    0,
    { minLat: -90, minLng: -180, maxLat: 90, maxLng: 180 },
  );
  return parts;
}

function halves(whole: Extent, byLng: boolean): readonly [Extent, Extent] {
  if (byLng) {
    const lng = (whole.minLng + whole.maxLng) / 2;
    return [
      { ...whole, maxLng: lng },
      { ...whole, minLng: lng },
    ];
  }
  const lat = (whole.minLat + whole.maxLat) / 2;
  return [
    { ...whole, maxLat: lat },
    { ...whole, minLat: lat },
  ];
}

function part(positions: readonly Position[], members: readonly number[]): Part {
  const lats = members.map((i) => positions[i]!.lat);
  const lngs = members.map((i) => positions[i]!.lng);
  const extent = {
    minLat: Math.min(...lats),
    minLng: Math.min(...lngs),
    maxLat: Math.max(...lats),
    maxLng: Math.max(...lngs),
  };
  return { patch: { extent, count: members.length, points: pointsOf(lats, lngs) }, members };
}

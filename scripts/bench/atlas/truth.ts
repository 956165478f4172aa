import { haversineKm, type Position, unitX, unitY, unitZ } from "../../../core/geo/index.ts";

export type Keep = (node: number) => boolean;

/** Distances in km from `at` to the k nearest kept positions, by haversine to each: slow, and nothing in it to get wrong. */
export function truth(positions: readonly Position[], at: Position, k: number, keep: Keep): number[] {
  return positions
    .filter((_, node) => keep(node))
    .map((position) => haversineKm(position, at))
    .toSorted((a, b) => a - b)
    .slice(0, k);
}

/** Ten roundings of a dot product of unit vectors: whoever is this close to the k-th may be before it. */
const DOUBT = 1e-14;

/**
 * The same for large fleets: a dot product with every position, then haversine only to those not clearly beyond the k-th.
 * The result is a function of the place to stand at, which gives one of k and the predicate, so that these share the dots.
 */
export function surveyor(
  positions: readonly Position[],
): (at: Position) => (k: number, keep: Keep) => number[] {
  const count = positions.length;
  const xs = Float64Array.from(positions, ({ lat, lng }) => unitX(lat, lng));
  const ys = Float64Array.from(positions, ({ lat, lng }) => unitY(lat, lng));
  const zs = Float64Array.from(positions, ({ lat }) => unitZ(lat));
  const dots = new Float64Array(count);

  return (at) => {
    const x = unitX(at.lat, at.lng);
    const y = unitY(at.lat, at.lng);
    const z = unitZ(at.lat);
    for (let i = 0; i < count; i++) dots[i] = x * xs[i]! + y * ys[i]! + z * zs[i]!;
    return (k, keep) => {
      const best: number[] = [];
      for (let i = 0; i < count; i++) {
        const dot = dots[i]!;
        if ((best.length === k && dot <= best[k - 1]!) || !keep(i)) continue;
        if (best.length === k) best.pop();
        let rank = best.length;
        while (rank > 0 && best[rank - 1]! < dot) rank--;
        best.splice(rank, 0, dot);
      }
      const least = best.length < k ? Number.NEGATIVE_INFINITY : best[k - 1]! - DOUBT;
      const near: number[] = [];
      for (let i = 0; i < count; i++) {
        if (dots[i]! >= least && keep(i)) near.push(haversineKm(positions[i]!, at));
      }
      return near.sort((a, b) => a - b).slice(0, k);
    };
  };
}

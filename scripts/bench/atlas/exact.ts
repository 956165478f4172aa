import { haversineKm, type Position } from "../../../core/geo/index.ts";
import type { Keep } from "./truth.ts";

/** Two answers agree when no distance differs by more than a millimetre: finer than degrees are ever given. */
export const TOLERANCE_KM = 1e-6;

/**
 * Whether `nodes` are an exact answer: as many distinct kept nodes as the truth has distances, each at the distance that
 * the truth has at its rank.
 */
export function isExact(
  positions: readonly Position[],
  at: Position,
  keep: Keep,
  nodes: readonly number[],
  distances: readonly number[],
): boolean {
  return (
    nodes.length === distances.length &&
    new Set(nodes).size === nodes.length &&
    nodes.every(
      (node, rank) =>
        keep(node) && Math.abs(haversineKm(positions[node]!, at) - distances[rank]!) <= TOLERANCE_KM,
    )
  );
}

import { haversineKm, type Position } from "../geo/index.ts";
import type { NodeRecord } from "./record.ts";

/** A node's place in a listing by distance: nearest first, then by id; those without a position come last. */
export interface Rank {
  /** Great-circle kilometres; null without a position. */
  readonly distance_km: number | null;
  readonly id: string;
}

export interface Ranked extends Rank {
  readonly record: NodeRecord;
}

/** Orders by distance, then id. */
export function compareRanks(a: Rank, b: Rank): number {
  const byDistance = (a.distance_km ?? Number.MAX_VALUE) - (b.distance_km ?? Number.MAX_VALUE);
  return byDistance || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The `count` nodes that come first after `after`, in memory that `count` bounds, whatever the fleet. */
export async function nearestAfter(
  records: AsyncIterable<NodeRecord>,
  at: Position,
  after: Rank | undefined,
  count: number,
): Promise<Ranked[]> {
  let best: Ranked[] = [];
  for await (const record of records) {
    const ranked = { record, id: record.id, distance_km: distanceOf(record, at) };
    if (after && compareRanks(ranked, after) <= 0) continue;
    best.push(ranked);
    if (best.length >= 2 * count) best = firstOf(best, count);
  }
  return firstOf(best, count);
}

function firstOf(ranked: Ranked[], count: number): Ranked[] {
  return ranked.sort(compareRanks).slice(0, count);
}

function distanceOf({ lat, lng }: NodeRecord, at: Position): number | null {
  return lat === undefined || lng === undefined ? null : haversineKm({ lat, lng }, at);
}

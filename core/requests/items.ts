import { timeOfId } from "../id.ts";
import type { TableSpec } from "../store/index.ts";

/**
 * Routing requests → `hour_shard` (an hour and a shard), by `id`, which is a UUIDv7. By these access patterns:
 *
 * - one by its id, which tells its partition
 * - newest first, filtered, between two instants: writing scales with the shards, and a range of time is a range of partitions
 *
 * There is no index, so that an item of 1 KB or less costs one write unit, its place in the listing included.
 */
export const REQUESTS: TableSpec = {
  name: "requests",
  partitionKey: "hour_shard",
  sortKey: "id",
  ttl: "expires_at",
  stream: true,
};

/**
 * The hours that have requests, so that a listing passes over those that have none → `scope`, by `hour`. Beside the requests, whose stream
 * tells of requests alone.
 */
export const REQUEST_HOURS: TableSpec = {
  name: "request-hours",
  partitionKey: "scope",
  sortKey: "hour",
  ttl: "expires_at",
};

export const SHARDS = 8;

/** Milliseconds after its id that a request is said to be made, at most: functions end before. */
export const MADE_WITHIN_MS = 60_000;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether a text may be a request's id: a UUIDv7, as it is written here. */
export function isRequestId(text: string): boolean {
  return UUID_V7.test(text);
}

/** The key of a request: the hour (UTC) that its id was made in, and a shard by the last digit. */
export function keyOf(id: string): { hour_shard: string; id: string } {
  return { hour_shard: `${hourAt(timeOfId(id))}#${Number.parseInt(id.slice(-1), 16) % SHARDS}`, id };
}

/** The hour of an instant, in UTC: `2026-01-01T12`. */
export function hourAt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13);
}

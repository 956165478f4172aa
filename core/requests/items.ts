import type { TableSpec } from "../store/index.ts";

/**
 * Routing requests, by these access patterns:
 *
 * - one by its id
 * - newest first, filtered, between two instants: index "newest", whose partition is an hour and a shard, so that writing scales with
 *   the shards and a range of time is a range of partitions
 *
 * An item of 1 KB or less costs two write units: itself and its place in the index.
 */
export const REQUESTS: TableSpec = {
  name: "requests",
  partitionKey: "id",
  indexes: [{ name: "newest", partitionKey: "hour_shard", sortKey: "id" }],
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

/** The index partition of a request: the hour it was made in (UTC) and a shard by the last digit of its id. */
export function hourShard(id: string, madeAt: number): string {
  const hour = new Date(madeAt).toISOString().slice(0, 13);
  return `${hour}#${Number.parseInt(id.slice(-1), 16) % SHARDS}`;
}

import type { Item, TableSpec } from "../store/index.ts";

/**
 * Who did what, by this access pattern:
 *
 * - rows newest first, filtered, between two instants → `shard`, by `id`, whose UUIDv7 begins with the time
 *
 * Rows are put and never changed. They go by their TTL alone.
 */
export const AUDIT: TableSpec = { name: "audit", partitionKey: "shard", sortKey: "id", ttl: "expires_at" };

export const SHARDS = ["s0", "s1", "s2", "s3"] as const;

/** How it ended: a change that stands, one that was refused, or one that failed. */
export const RESULTS = ["done", "refused", "failed"] as const;
export type Result = (typeof RESULTS)[number];

/** A row as it is stored; `detail` is JSON text. */
export interface AuditRow {
  /** UUIDv7 of `at`. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `admin:<id>`, `service:<id>`, `node:<id>`, … as `describeActor` says it. */
  readonly actor: string;
  /** `<thing>.<verb>`: `key.create`, `login.refuse`. */
  readonly action: string;
  readonly target: string;
  readonly result: Result;
  readonly request_id: string;
  readonly address?: string | undefined;
  readonly detail?: string | undefined;
}

export function itemOfRow(row: AuditRow, retentionDays: number): Item {
  return {
    ...row,
    shard: SHARDS[Number.parseInt(row.id.slice(-1), 16) % SHARDS.length],
    expires_at: Math.floor(row.at / 1000) + retentionDays * 86_400,
  };
}

export function rowOfItem(item: Item): AuditRow {
  const { shard: _, expires_at: _e, ...row } = item;
  return row as unknown as AuditRow;
}

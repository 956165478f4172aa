import type { TableSpec } from "../store/index.ts";

/**
 * Rollups, by these access patterns:
 *
 * - what a shard brought to a minute, to add to it → `m#<hour>`, the last of `<minute>#<shard>#<n>`
 * - some minutes of an hour, whole → `m#<hour>`, between two minutes
 * - the totals of the hours of a day, or of the days of a month → `h#<day>` or `d#<month>`, by hour or day
 * - one dimension of them → `h#<day>#<dimension>` or `d#<month>#<dimension>`, `<hour or day>#<generation>#<n>`
 * - hours that were written to after they may have been folded → `late`, by hour
 *
 * How they hang together, and why each request counts once, is in SPEC.md.
 */
export const ROLLUPS: TableSpec = {
  name: "rollups",
  partitionKey: "period",
  sortKey: "part",
  ttl: "expires_at",
};

import { v7 } from "uuid";
import type { NodeRecord, TransitionRow } from "./record.ts";
import { statusOfRecord } from "./revise.ts";

/** Characters of evidence that a row keeps. */
const MAX_EVIDENCE = 500;

/** Why a row is written: who changed the status, on what evidence, and where its id's chance comes from. */
export interface Cause {
  readonly by: string;
  readonly evidence?: string | undefined;
  readonly random: () => number;
}

/**
 * The ledger row of a change (SPEC N12), or null when the status stays what it was. null stands for no node: before it was made, after it
 * was deleted at `at`.
 */
export function rowOf(
  before: NodeRecord | null,
  after: NodeRecord | null,
  at: number,
  cause: Cause,
): TransitionRow | null {
  const newest = after ?? before;
  if (!newest) return null;
  const from = before && statusOfRecord(before);
  const to = after ? statusOfRecord(after) : "deleted";
  if (from === to) return null;
  // The revision takes the sequence's place, so that rows of one millisecond keep the order of their writes.
  const seq = after ? after.revision : newest.revision + 1;
  return {
    id: v7({
      msecs: at,
      seq,
      random: Uint8Array.from({ length: 16 }, () => Math.floor(cause.random() * 256)),
    }),
    node_id: newest.id,
    at,
    from,
    to,
    by: cause.by,
    ...(cause.evidence === undefined ? {} : { evidence: cause.evidence.slice(0, MAX_EVIDENCE) }),
    epoch: newest.epoch,
  };
}

/** How many of these rows are flips between good (healthy, degraded) and bad (unhealthy). */
export function countFlaps(rows: Iterable<Pick<TransitionRow, "from" | "to">>): number {
  let flaps = 0;
  for (const { from, to } of rows) {
    if ((isGood(from) && to === "unhealthy") || (from === "unhealthy" && isGood(to))) flaps++;
  }
  return flaps;
}

function isGood(status: string | null): boolean {
  return status === "healthy" || status === "degraded";
}

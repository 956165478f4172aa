import { isDeepStrictEqual } from "node:util";
import geohash from "ngeohash";
import { iso } from "../id.ts";
import { type DesiredState, type NodeRecord, statusOf } from "../nodes/index.ts";
import { viewOf } from "../nodes/view.ts";
import { bounded } from "./bounded.ts";
import type { Draft, EventType } from "./types.ts";

const MADE_AS: Readonly<Record<NodeRecord["origin"], EventType>> = {
  registered: "node_registered",
  created: "node_created",
  discovered: "node_discovered",
};

const BROUGHT_TO: Readonly<Partial<Record<DesiredState, EventType>>> = {
  active: "node_activated",
  draining: "node_draining",
  inactive: "node_deactivated",
  disabled: "node_deactivated",
};

/**
 * The events that a write of a node's record means (SPEC E5): one, unless one write changed both what a node is and what the operator
 * wants of it; none for what nobody sees.
 *
 * @param removedAt milliseconds since the epoch: when a deleted node was deleted, which its record can't tell
 */
export function nodeEvents(before: NodeRecord | null, after: NodeRecord | null, removedAt: number): Draft[] {
  if (!after) return before ? [removed(before, removedAt)] : [];
  if (!before) return [made(after)];
  const drafts: Draft[] = [];
  if (!isDeepStrictEqual(described(before), described(after))) {
    drafts.push(draft("node_updated", after, viewOf(after)));
  }
  const brought = before.desired_state === after.desired_state ? undefined : BROUGHT_TO[after.desired_state];
  if (brought) drafts.push(draft(brought, after, { ...named(after) }));
  else if (before.health !== after.health) drafts.push(draft("node_health_updated", after, flipped(after)));
  return drafts;
}

function draft(type: EventType, record: NodeRecord, fields: Readonly<Record<string, unknown>>): Draft {
  return { type, at: record.updated_at, place: placeOfNode(record), data: bounded(fields) };
}

/** Nine characters of geohash; undefined for a node without a position. */
export function placeOfNode({ lat, lng }: Pick<NodeRecord, "lat" | "lng">): string | undefined {
  return lat === undefined || lng === undefined ? undefined : geohash.encode(lat, lng, 9);
}

function named(record: NodeRecord) {
  return { id: record.id, name: record.name, status: statusOf(record.desired_state, record.health) };
}

function made(record: NodeRecord): Draft {
  const type = MADE_AS[record.origin];
  if (type !== "node_discovered") return draft(type, record, viewOf(record));
  const { id, name, lat, lng, endpoint, metadata } = record;
  const location = lat === undefined || lng === undefined ? null : { lat, lng };
  const identity = metadata.identity ?? null;
  return draft(type, record, {
    node_id: id,
    name,
    location,
    endpoint: endpoint ?? null,
    db_id: id,
    identity,
  });
}

function removed(record: NodeRecord, at: number): Draft {
  const fields = { node_id: record.id, id: record.id, name: record.name };
  return { ...draft("node_deleted", record, fields), at: Math.max(at, record.updated_at) };
}

/** A flip. Its load follows with the reading of its cell, which is written next. */
function flipped(record: NodeRecord) {
  return {
    ...named(record),
    cpu_usage: null,
    memory_usage: null,
    active_connections: 0,
    last_health_check: iso(record.updated_at),
  };
}

/** What has events of its own, or changes with every write. */
const APART: ReadonlySet<string> = new Set([
  "status",
  "health",
  "desired_state",
  "drain_deadline",
  "updated_at",
  "revision",
]);

/** What answers show of what a node is. */
function described(record: NodeRecord): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(viewOf(record)).filter(([field]) => !APART.has(field)));
}

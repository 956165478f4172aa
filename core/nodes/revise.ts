import {
  type DesiredState,
  type Health,
  isWatched,
  statusOf,
  type Transition,
  transition,
} from "./lifecycle.ts";
import type { Settled } from "./place.ts";
import { type NodeRecord, type Origin, probeUrlOf } from "./record.ts";

/* How a node's record changes: plain functions from one record to the next. None touches the store, the clock or the revision. */

/** Fields of a node as a caller names them: undefined leaves one as it is, null takes it away. */
export type Amendment = Partial<Settled> & {
  readonly [field in Exclude<DescribedField, "lat" | "lng" | "capacity">]?:
    | NodeRecord[field]
    | null
    | undefined;
};

type DescribedField = Exclude<
  keyof NodeRecord,
  | "id"
  | "origin"
  | "desired_state"
  | "health"
  | "epoch"
  | "drain_deadline"
  | "credentials_revision"
  | "created_at"
  | "updated_at"
  | "revision"
>;

/** What a field is when nobody says otherwise; the rest are then absent. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  labels: [],
  services: [],
  capabilities: {},
  metadata: {},
  capacity: 100,
};

export interface Birth {
  readonly id: string;
  readonly origin: Origin;
  readonly desired_state: DesiredState;
  readonly epoch: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A new node, as unknown as any (SPEC H1). */
export function born(birth: Birth, given: Amendment & { readonly name: string }): NodeRecord {
  const { id, origin, desired_state, epoch, at } = birth;
  const blank = {
    id,
    name: given.name,
    labels: [],
    services: [],
    capacity: 100,
    capabilities: {},
    metadata: {},
    origin,
    desired_state,
    health: "unknown" as const,
    epoch,
    created_at: at,
    updated_at: at,
    revision: 1,
  };
  return { ...described(blank, given) };
}

/**
 * The record with fields changed. When that moves where it is probed, what was observed was another place: health is unknown again, in a
 * new epoch.
 */
export function amended(record: NodeRecord, given: Amendment): NodeRecord {
  const next = described(record, given);
  return next.endpoint === record.endpoint && probeUrlOf(next) === probeUrlOf(record)
    ? next
    : unobserved(next);
}

function described(record: NodeRecord, { location, ...fields }: Amendment): NodeRecord {
  const next: Record<string, unknown> = { ...record };
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (value !== null) next[field] = value;
    else if (field in DEFAULTS) next[field] = DEFAULTS[field];
    else delete next[field];
  }
  if (location) Object.assign(next, { lat: location.lat, lng: location.lng });
  if (location === null) {
    delete next.lat;
    delete next.lng;
  }
  if (next.health_check_url === `${String(next.endpoint)}/health`) delete next.health_check_url;
  return next as unknown as NodeRecord;
}

/**
 * The record after a transition (SPEC N4–N7): activating observes it anew, draining sets its deadline (ms since the epoch), which every
 * other one clears.
 *
 * @throws what `transition` throws when it is illegal.
 */
export function transitioned(record: NodeRecord, kind: Transition, drainDeadline: number): NodeRecord {
  const next = inState(record, transition(kind, record.desired_state));
  if (kind === "activate") return unobserved(next);
  return kind === "drain" ? { ...next, drain_deadline: drainDeadline } : next;
}

function inState(record: NodeRecord, desired_state: DesiredState): NodeRecord {
  const { drain_deadline: _, ...rest } = record;
  return { ...rest, desired_state };
}

function unobserved(record: NodeRecord): NodeRecord {
  return { ...record, health: "unknown", epoch: record.epoch + 1 };
}

/** The record with the health that a sweep of its epoch found, or null when that says nothing new of the node as it is now. */
export function flipped(record: NodeRecord, epoch: number, health: Health): NodeRecord | null {
  const says = isWatched(record.desired_state) && record.epoch === epoch && record.health !== health;
  return says ? { ...record, health } : null;
}

/** The record once its drain is over (SPEC N8), or null when it is not draining, or drains anew in another epoch. */
export function drained(record: NodeRecord, epoch?: number): NodeRecord | null {
  if (record.desired_state !== "draining" || (epoch !== undefined && record.epoch !== epoch)) return null;
  return inState(record, "inactive");
}

export function statusOfRecord(record: NodeRecord): string {
  return statusOf(record.desired_state, record.health);
}

/** Every type of event there is, as subscriptions and webhooks name them. */
export const EVENT_TYPES = [
  "node_registered",
  "node_created",
  "node_updated",
  "node_deleted",
  "node_activated",
  "node_deactivated",
  "node_draining",
  "node_health_updated",
  "node_discovered",
  "route_request",
  "request_completed",
  "decoration_changed",
  "sync_progress",
  "device_moved",
  "deployment_changed",
  "assignment_changed",
  "leader_changed",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** An event as subscribers read it. */
export interface Event {
  readonly type: EventType;
  /** Sorts in the order of the log, and names the event's place in it. */
  readonly id: string;
  /** When the change was made; ISO-8601. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event that is kept whole, and of which every subscriber gets every one. */
export interface Fact extends Event {
  /** Geohash of where it happened, nine characters; undefined for what has no position. */
  readonly place?: string | undefined;
}

/** A fact before it has its place in the log. `at` in milliseconds since the epoch. */
export interface Draft {
  readonly type: EventType;
  readonly at: number;
  readonly place?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What one record of a source's stream means. */
export interface Change {
  /** The record's sequence number in its shard. */
  readonly sequence: bigint;
  readonly facts: readonly Draft[];
  /** The cell whose observation it wrote. */
  readonly swept?: string | undefined;
}

/** One entry of the log. */
export interface LogEntry {
  /** Counts entries without holes, from the millisecond (Unix) that the log began in. */
  readonly seq: number;
  /** Milliseconds since the epoch; never less than that of the entry before. */
  readonly at: number;
  readonly facts: readonly Fact[];
  /** Cells whose newest observation subscribers are to be told of. */
  readonly swept: readonly string[];
}

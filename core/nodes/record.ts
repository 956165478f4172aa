import type { DesiredState, Health } from "./lifecycle.ts";

export type Origin = "registered" | "created" | "discovered";

/**
 * Who a node is and what the operator wants: the item stored in Nodes. What is observed from sweep to sweep (load, failures, time of the
 * last check) is in its cell; `health` here changes only when it flips.
 */
export interface NodeRecord {
  readonly id: string;
  readonly name: string;
  readonly hostname?: string | undefined;
  readonly ip?: string | undefined;
  readonly port?: number | undefined;
  /** Canonical, without a slash at its end. */
  readonly endpoint?: string | undefined;
  readonly websocket_url?: string | undefined;
  /** Only when it is not `endpoint` + `/health`. */
  readonly health_check_url?: string | undefined;
  readonly role?: string | undefined;
  readonly labels: readonly string[];
  readonly services: readonly string[];
  readonly provider?: string | undefined;
  readonly region?: string | undefined;
  /** Degrees, rounded to seven decimals; both or neither. */
  readonly lat?: number | undefined;
  readonly lng?: number | undefined;
  readonly service_radius_km?: number | undefined;
  readonly capacity: number;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly version?: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** How it came into the fleet: it registered, an admin made it, or discovery found it. */
  readonly origin: Origin;
  readonly desired_state: DesiredState;
  readonly health: Health;
  /**
   * Counts from 1 the times that observation began anew: activations, and moves of where the node is probed. What was observed in an
   * older epoch says nothing about the node now (SPEC H1). A node made under the id of a deleted one goes on counting.
   */
  readonly epoch: number;
  /** Milliseconds since the epoch; set while draining. */
  readonly drain_deadline?: number | undefined;
  /** The revision that its provider's credentials came with; they are sealed, in an item of their own. Absent while it has none. */
  readonly credentials_revision?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
  readonly updated_at: number;
  /** Counts changes from 1; the entity's ETag. */
  readonly revision: number;
}

/** What a sweep saw of a node. Percentages 0–100; undefined where the node does not say. */
export interface Observation {
  readonly health: Health;
  readonly cpu_usage?: number | undefined;
  readonly memory_usage?: number | undefined;
  readonly active_connections: number;
  readonly active_agents: number;
  readonly consecutive_failures: number;
  /** Milliseconds since the epoch; undefined until first checked. */
  readonly last_health_check?: number | undefined;
}

/** One row of a node's ledger: a change of status, when, by whom or on what evidence. */
export interface TransitionRow {
  /** UUIDv7 of `at`; rows of one node sort by it in the order of their writes. */
  readonly id: string;
  readonly node_id: string;
  readonly at: number;
  /** null when the node was made. */
  readonly from: string | null;
  /** A status, or "deleted". */
  readonly to: string;
  readonly by: string;
  readonly evidence?: string | undefined;
  /** The record's epoch when the row was written. */
  readonly epoch: number;
}

/** Where a node is probed; undefined for one that only speaks for itself. */
export function probeUrlOf(record: Pick<NodeRecord, "endpoint" | "health_check_url">): string | undefined {
  return record.health_check_url ?? (record.endpoint === undefined ? undefined : `${record.endpoint}/health`);
}

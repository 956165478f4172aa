import geohash from "ngeohash";
import * as z from "zod/mini";
import { iso } from "../id.ts";
import { DESIRED_STATES, HEALTHS, STATUSES, statusOf } from "./lifecycle.ts";
import { type NodeRecord, type Observation, probeUrlOf, type TransitionRow } from "./record.ts";

const text = z.nullable(z.string());
const number = z.nullable(z.number());
const instant = z.nullable(z.iso.datetime());

/** What anyone may know of a node. Absent values are null. */
export const nodeSummary = z.object({
  id: z.string(),
  /** The same as `id`. */
  node_id: z.string(),
  name: z.string(),
  status: z.enum(STATUSES),
  health: z.enum(HEALTHS),
  endpoint: text,
  role: text,
  labels: z.array(z.string()),
  services: z.array(z.string()),
  provider: text,
  region: text,
  /** Degrees, WGS 84; null for a node without a position. */
  lat: number,
  lng: number,
  /** The same as `lng` and `lat`. */
  location_x: number,
  location_y: number,
  service_radius_km: number,
  capacity: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  /** Great-circle kilometres from `near`; in listings that name it. */
  distance_km: z.optional(number),
});
export type NodeSummary = z.output<typeof nodeSummary>;

/** A node, whole. Absent values are null; percentages are 0–100. */
export const nodeView = z.extend(nodeSummary, {
  hostname: text,
  ip: text,
  port: number,
  websocket_url: text,
  health_check_url: text,
  geohash: text,
  /** The same as `capacity`. */
  max_connections: z.int(),
  max_agents: z.int(),
  capabilities: z.record(z.string(), z.unknown()),
  version: text,
  metadata: z.record(z.string(), z.unknown()),
  has_credentials: z.boolean(),
  desired_state: z.enum(DESIRED_STATES),
  drain_deadline: instant,
  cpu_usage: number,
  memory_usage: number,
  disk_usage: number,
  load_average: number,
  active_connections: z.int(),
  active_agents: z.int(),
  consecutive_failures: z.int(),
  last_health_check: instant,
  last_heartbeat: instant,
  /** Counts changes; the entity's ETag. */
  revision: z.int(),
});
export type NodeView = z.output<typeof nodeView>;

/** A node that was made, and its key, which is shown this once. */
export const registeredView = z.object({ message: z.string(), node: nodeView, node_key: z.string() });
export type RegisteredView = z.output<typeof registeredView>;

/** A node that an admin made, with its key. */
export const createdView = z.extend(nodeView, { node_key: z.string() });
export type CreatedView = z.output<typeof createdView>;

/** What a change of state led to. */
export const changedView = z.object({
  message: z.string(),
  node_id: z.string(),
  status: z.enum(STATUSES),
  revision: z.int(),
});
export type ChangedView = z.output<typeof changedView>;

export const nodeStatusView = z.object({
  node_id: z.string(),
  name: z.string(),
  status: z.enum(STATUSES),
  endpoint: text,
  capacity: z.int(),
  last_health_check: instant,
  cpu_usage: number,
  memory_usage: number,
  active_connections: z.int(),
});
export type NodeStatusView = z.output<typeof nodeStatusView>;

export const transitionView = z.object({
  id: z.string(),
  node_id: z.string(),
  at: z.iso.datetime(),
  /** null when the node was made. */
  from: text,
  /** A status, or "deleted". */
  to: z.string(),
  by: z.string(),
  evidence: text,
});
export type TransitionView = z.output<typeof transitionView>;

/** A page of a node's ledger, newest first. */
export const transitionsView = z.object({
  node_id: z.string(),
  /** Changes between good (healthy, degraded) and bad (unhealthy) within the last hour. */
  flap_count: z.int(),
  transitions: z.array(transitionView),
});
export type TransitionsView = z.output<typeof transitionsView>;

export function summaryOf(record: NodeRecord): NodeSummary {
  return {
    id: record.id,
    node_id: record.id,
    name: record.name,
    status: statusOf(record.desired_state, record.health),
    health: record.health,
    endpoint: record.endpoint ?? null,
    role: record.role ?? null,
    labels: [...record.labels],
    services: [...record.services],
    provider: record.provider ?? null,
    region: record.region ?? null,
    lat: record.lat ?? null,
    lng: record.lng ?? null,
    location_x: record.lng ?? null,
    location_y: record.lat ?? null,
    service_radius_km: record.service_radius_km ?? null,
    capacity: record.capacity,
    created_at: iso(record.created_at),
    updated_at: iso(record.updated_at),
  };
}

/** A node's whole record with what was last observed of it; without an observation its figures are null or 0. */
export function viewOf(record: NodeRecord, seen?: Observation): NodeView {
  const { lat, lng } = record;
  return {
    ...summaryOf(record),
    hostname: record.hostname ?? null,
    ip: record.ip ?? null,
    port: record.port ?? null,
    websocket_url: record.websocket_url ?? null,
    health_check_url: probeUrlOf(record) ?? null,
    geohash: lat === undefined || lng === undefined ? null : geohash.encode(lat, lng, 9),
    max_connections: record.capacity,
    max_agents: record.capacity,
    capabilities: { ...record.capabilities },
    version: record.version ?? null,
    metadata: { ...record.metadata },
    has_credentials: record.credentials_revision !== undefined,
    desired_state: record.desired_state,
    drain_deadline: isoOrNull(record.drain_deadline),
    cpu_usage: seen?.cpu_usage ?? null,
    memory_usage: seen?.memory_usage ?? null,
    disk_usage: null,
    load_average: null,
    active_connections: seen?.active_connections ?? 0,
    active_agents: seen?.active_agents ?? 0,
    consecutive_failures: seen?.consecutive_failures ?? 0,
    last_health_check: isoOrNull(seen?.last_health_check),
    last_heartbeat: null,
    revision: record.revision,
  };
}

export function changedViewOf(record: NodeRecord, message: string): ChangedView {
  const status = statusOf(record.desired_state, record.health);
  return { message, node_id: record.id, status, revision: record.revision };
}

export function statusViewOf(record: NodeRecord, seen?: Observation): NodeStatusView {
  return {
    node_id: record.id,
    name: record.name,
    status: statusOf(record.desired_state, record.health),
    endpoint: record.endpoint ?? null,
    capacity: record.capacity,
    last_health_check: isoOrNull(seen?.last_health_check),
    cpu_usage: seen?.cpu_usage ?? null,
    memory_usage: seen?.memory_usage ?? null,
    active_connections: seen?.active_connections ?? 0,
  };
}

export function transitionViewOf(row: TransitionRow): TransitionView {
  const { id, node_id, from, to, by } = row;
  return { id, node_id, at: iso(row.at), from, to, by, evidence: row.evidence ?? null };
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}

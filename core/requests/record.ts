import type { World } from "../ctx.ts";
import { timeOfId } from "../id.ts";
import { putItem } from "../store/index.ts";
import { markHour } from "./calendar.ts";
import { MADE_WITHIN_MS, REQUESTS } from "./items.ts";
import { itemOfRequest } from "./stored.ts";

export type RequestStatus = "pending" | "routed" | "completed" | "failed" | "rejected";

/** A routing request as it is stored. */
export interface RoutingRequest {
  /** A UUIDv7, made when the request came. */
  readonly id: string;
  readonly request_id: string;
  readonly lat: number;
  readonly lng: number;
  readonly selected_node_id: string | null;
  /** Kilometres. */
  readonly distance: number | null;
  readonly load_score: number | null;
  readonly status: RequestStatus;
  /** Why it was rejected (the refusal's code), or how it failed: NODE_TIMEOUT or BAD_NODE. */
  readonly error?: string | null;
  readonly response_time_ms: number;
  readonly request_data: unknown;
  readonly response_data: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly client_info: unknown;
  readonly processing_metrics: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
}

/** An item may have 400 KB; payload and answer share what the rest leaves. */
const MAX_BODIES_BYTES = 360 * 1024;

/**
 * Stores a routing request: one put, on the condition that its id is new, which makes a retried put harmless. An answer, or a payload (`1e20` is
 * written as 21 digits), that finds no room is replaced by how many bytes it had. `created_at` is kept within a minute after its id's own
 * millisecond.
 */
export async function record(world: World, request: RoutingRequest): Promise<void> {
  const cameAt = timeOfId(request.id);
  // A clock may be set and a machine may sleep in between; a listing finds a range of time by its range of ids.
  const created_at = Math.min(Math.max(request.created_at, cameAt), cameAt + MADE_WITHIN_MS);
  const expiresAtS = Math.floor(created_at / 1000) + world.config.REQUEST_RETENTION_DAYS * 86_400;
  const item = itemOfRequest({ ...request, created_at }, expiresAtS);
  const asked = bounded(item.request_data, MAX_BODIES_BYTES);
  const answered = bounded(item.response_data, MAX_BODIES_BYTES - sizeOf(asked));
  await markHour(world, cameAt);
  const fitting = { ...item, request_data: asked, response_data: answered };
  await putItem(world.store, REQUESTS, fitting, { expression: "attribute_not_exists(id)" });
}

function bounded(json: unknown, room: number): unknown {
  const bytes = sizeOf(json);
  return bytes > room ? JSON.stringify({ omitted_bytes: bytes }) : json;
}

function sizeOf(json: unknown): number {
  return typeof json === "string" ? Buffer.byteLength(json) : 0;
}

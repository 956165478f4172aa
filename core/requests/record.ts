import geohash from "ngeohash";
import type { World } from "../ctx.ts";
import { iso } from "../id.ts";
import { putItem } from "../store/index.ts";
import { hourShard, REQUESTS } from "./items.ts";

export type RequestStatus = "pending" | "routed" | "completed" | "failed" | "rejected";

/** A routing request as it is stored. */
export interface RoutingRequest {
  readonly id: string;
  readonly request_id: string;
  readonly lat: number;
  readonly lng: number;
  readonly selected_node_id: string | null;
  /** Kilometres. */
  readonly distance: number | null;
  readonly load_score: number | null;
  readonly status: RequestStatus;
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

/** Stores a routing request: one put, on the condition that its id is new, which makes a retried put harmless. */
export async function record(world: World, request: RoutingRequest): Promise<void> {
  const { lat, lng, created_at: madeAt, ...rest } = request;
  const item = {
    ...withoutEmpty(rest),
    coordinates_x: lng,
    coordinates_y: lat,
    geohash: geohash.encode(lat, lng, 9),
    created_at: iso(madeAt),
    hour_shard: hourShard(request.id, madeAt),
    expires_at: Math.floor(madeAt / 1000) + world.config.REQUEST_RETENTION_DAYS * 86_400,
  };
  const size = sizeOf(request.request_data) + sizeOf(request.response_data);
  const bounded =
    size > MAX_BODIES_BYTES
      ? { ...item, response_data: { omitted_bytes: sizeOf(request.response_data) } }
      : item;
  await putItem(world.store, REQUESTS, bounded, {
    expression: "attribute_not_exists(#id)",
    names: { "#id": "id" },
  });
}

function sizeOf(value: unknown): number {
  return value === undefined || value === null ? 0 : Buffer.byteLength(JSON.stringify(value));
}

// Absent and null read alike; left out they cost no bytes.
function withoutEmpty(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

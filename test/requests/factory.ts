import type { World } from "../../core/ctx.ts";
import { newId } from "../../core/id.ts";
import { Requests, type RoutingRequest } from "../../core/requests/index.ts";

export const HOUR = 3_600_000;
/** Half past the last full hour: DynamoDB Local takes away what expired by the machine's own clock. */
export const NOW = Math.floor(Date.now() / HOUR) * HOUR - HOUR / 2;
export const STATUSES = ["pending", "routed", "completed", "failed", "rejected"] as const;

let made = 0;

/** A routing request as routing would record it, made at `created_at`. */
export function describeRequest(given: Partial<RoutingRequest> = {}): RoutingRequest {
  made++;
  const created_at = given.created_at ?? NOW;
  return {
    id: newId({ now: () => created_at, random: Math.random }),
    request_id: `r-${made}`,
    lat: 47.37,
    lng: 8.54,
    selected_node_id: "zurich-1",
    distance: 1.25,
    load_score: 0.18,
    status: "routed",
    response_time_ms: 3.21,
    request_data: null,
    response_data: null,
    metadata: { user_agent: "test", priority: "normal" },
    client_info: null,
    processing_metrics: { strategy: "nearest-least-loaded", candidates: 3 },
    created_at,
    ...given,
  };
}

/** Records requests, a few at a time. */
export async function recordAll(
  world: World,
  requests: readonly RoutingRequest[],
  lanes = 16,
): Promise<void> {
  const pending = [...requests];
  const lane = async () => {
    for (let next = pending.pop(); next; next = pending.pop()) await Requests.record(world, next);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** In the order of a listing: by their ids, which tell when they came, the newest first. */
export function newestFirst(requests: readonly RoutingRequest[]): RoutingRequest[] {
  return requests.toSorted((a, b) => (a.id < b.id ? 1 : -1));
}

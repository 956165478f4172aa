import geohash from "ngeohash";
import { newId } from "../../core/id.ts";
import type { RequestStatus, RoutingRequest } from "../../core/requests/record.ts";
import { itemOfRequest } from "../../core/requests/stored.ts";
import type { Item } from "../../core/store/index.ts";

/** mulberry32: uniform numbers in [0, 1) that a seed repeats. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PLACES = [
  { lat: 47.37, lng: 8.54 },
  { lat: 38.72, lng: -9.14 },
  { lat: -17.7, lng: 179.99 },
  { lat: 89.9, lng: 10 },
] as const;
const OUTCOMES = ["routed", "routed", "completed", "completed", "failed", "rejected"] as const;

/** A routing request as one that happened in [since, until): of few clients, nodes and places, so that counts add up. */
export function anyRequest(
  random: () => number,
  { since, until }: { readonly since: number; readonly until: number },
  overrides: Partial<RoutingRequest> = {},
): RoutingRequest {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
  const madeAt = Math.floor(since + random() * (until - since));
  const status: RequestStatus = pick(OUTCOMES);
  const place = pick(PLACES);
  const served = status === "routed" || status === "completed";
  const attempts = [
    ...(status === "failed" || random() < 0.2
      ? [{ node_id: `n${Math.floor(random() * 5)}`, outcome: "timeout" }]
      : []),
    ...(status === "completed" ? [{ node_id: "n1", outcome: "completed" }] : []),
  ];
  return {
    id: newId({ now: () => madeAt, random }),
    request_id: "r",
    lat: Math.max(-90, Math.min(90, place.lat + (random() - 0.5) * 0.1)),
    lng: place.lng + (random() - 0.5) * 0.01,
    selected_node_id: served ? `n${Math.floor(random() * 5)}` : null,
    distance: served ? random() * 100 : null,
    load_score: served ? random() : null,
    status,
    error: status === "rejected" ? pick(["NO_NODES", "TOO_FAR"]) : status === "failed" ? "BAD_NODE" : null,
    response_time_ms: Math.round(Math.exp(random() * 8) * 100) / 100,
    request_data: null,
    response_data: null,
    metadata: {},
    client_info: random() < 0.8 ? { client_id: `c${Math.floor(random() * 7)}` } : null,
    processing_metrics: attempts.length > 0 ? { attempts } : {},
    created_at: madeAt,
    ...overrides,
  };
}

export const storedItem = (request: RoutingRequest): Item => itemOfRequest(request, 4_000_000_000);

export interface Counts {
  requests: number;
  failed: number;
  rejected: number;
  far: number;
  times: number[];
}
export interface Model {
  readonly total: Counts;
  readonly statuses: Record<string, number>;
  readonly by: Record<"nodes" | "clients" | "errors" | "cells", Map<string, Counts>>;
}

/** What is to be counted of requests, by looking at each: written apart from the code that counts. */
export function bruteForce(requests: readonly RoutingRequest[], maxDistanceKm: number): Model {
  const none = (): Counts => ({ requests: 0, failed: 0, rejected: 0, far: 0, times: [] });
  const statuses = { pending: 0, routed: 0, completed: 0, failed: 0, rejected: 0 };
  const model: Model = {
    total: none(),
    statuses,
    by: { nodes: new Map(), clients: new Map(), errors: new Map(), cells: new Map() },
  };
  const of = (map: Map<string, Counts>, key: string) => map.get(key) ?? map.set(key, none()).get(key)!;
  for (const one of requests) {
    statuses[one.status]++;
    const client = (one.client_info as { client_id?: string } | null)?.client_id ?? "";
    const touched = [
      model.total,
      of(model.by.clients, client),
      of(model.by.cells, geohash.encode(one.lat, one.lng, 4)),
      ...(one.selected_node_id ? [of(model.by.nodes, one.selected_node_id)] : []),
      ...(one.error ? [of(model.by.errors, one.error)] : []),
    ];
    for (const counts of touched) {
      counts.requests++;
      if (one.status === "failed") counts.failed++;
      if (one.status === "rejected") counts.rejected++;
      if (one.distance !== null && one.distance > maxDistanceKm) counts.far++;
      counts.times.push(one.response_time_ms);
    }
    const { attempts = [] } = one.processing_metrics as { attempts?: { node_id: string; outcome: string }[] };
    for (const attempt of attempts.filter(({ outcome }) => outcome !== "completed")) {
      const node = of(model.by.nodes, attempt.node_id);
      node.requests++;
      node.failed++;
    }
  }
  return model;
}

/** The exact percentile at rank ⌊q · (n − 1)⌋. */
export function exactPercentile(times: readonly number[], q: number): number {
  return [...times].sort((a, b) => a - b)[Math.floor(q * (times.length - 1))]!;
}

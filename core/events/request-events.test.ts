import { describe, expect, test } from "vitest";
import type { RoutingRequest } from "../requests/index.ts";
import { REQUEST_STATUSES } from "../requests/schema.ts";
import { itemOfRequest } from "../requests/stored.ts";
import { MAX_DATA_BYTES } from "./bounded.ts";
import { requestEvents } from "./request-events.ts";

const MADE = Date.parse("2026-03-01T12:34:56.789Z");
const request: RoutingRequest = {
  id: "019caf5a-6f35-7000-8000-000000000001",
  request_id: "r-1",
  lat: 47.37,
  lng: 8.54,
  selected_node_id: "zurich-1",
  distance: 1.25,
  load_score: 0.18,
  status: "routed",
  response_time_ms: 3.21,
  request_data: { payload: { sku: 7 } },
  response_data: { ok: true },
  metadata: { priority: "normal" },
  client_info: { client_id: "phone-7" },
  processing_metrics: { strategy: "nearest-least-loaded", attempts: [{ node_id: "zurich-1" }] },
  created_at: MADE,
};
const of = (given: Partial<RoutingRequest> = {}) => requestEvents(itemOfRequest({ ...request, ...given }, 0));

const routed = {
  id: request.id,
  request_id: "r-1",
  coordinates_x: 8.54,
  coordinates_y: 47.37,
  selected_node_id: "zurich-1",
  distance: 1.25,
  load_score: 0.18,
  created_at: "2026-03-01T12:34:56.789Z",
};
const ended = {
  id: request.id,
  request_id: "r-1",
  selected_node: "zurich-1",
  distance: 1.25,
  response_time_ms: 3.21,
  request_data: { payload: { sku: 7 } },
  response_data: { ok: true },
  processing_metrics: request.processing_metrics,
};

describe("E6: a stored request", () => {
  const [at, place] = [MADE, "u0qj8m5es"];

  test.each(["completed", "failed"] as const)("that is %s was routed, and then ended", (status) => {
    const [first, second, ...more] = of({ status });
    expect(first).toEqual({ type: "route_request", at, place: first!.place, data: { ...routed, status } });
    expect(second).toEqual({
      type: "request_completed",
      at,
      place: first!.place,
      data: { ...ended, status },
    });
    expect(first!.place?.slice(0, 4)).toBe(place.slice(0, 4));
    expect(first!.place).toHaveLength(9);
    expect(more).toEqual([]);
  });

  test.each(["pending", "routed", "rejected"] as const)("that is %s was routed, and no more", (status) => {
    const drafts = of({ status });
    expect(drafts.map(({ type, data }) => ({ type, data }))).toEqual([
      { type: "route_request", data: { ...routed, status } },
    ]);
  });

  test("has an event whatever its status", () => {
    for (const status of REQUEST_STATUSES) expect(of({ status })[0]?.type).toBe("route_request");
  });

  test("that no node took says so with nulls", () => {
    const none = { selected_node_id: null, distance: null, load_score: null, error: "NO_NODES" };
    expect(of({ ...none, status: "rejected" })[0]!.data).toMatchObject({
      selected_node_id: null,
      distance: null,
      load_score: null,
    });
    expect(of({ ...none, status: "failed" })[1]!.data).toMatchObject({ selected_node: null, distance: null });
  });

  test("E10: that brought more than an event holds: the larger of its bodies gives way", () => {
    const [, second] = of({
      status: "completed",
      request_data: { payload: "p".repeat(20_000) },
      response_data: "é".repeat(20_000),
    });
    expect(Buffer.byteLength(JSON.stringify(second!.data))).toBeLessThanOrEqual(MAX_DATA_BYTES);
    expect(second!.data.request_data).toEqual({ payload: "p".repeat(20_000) });
    expect(second!.data.response_data).toEqual({ omitted_bytes: 40_002 });
  });

  test("whose JSON is broken, or that has no time, has none: it is an error", () => {
    const item = itemOfRequest(request, 0);
    expect(() => requestEvents({ ...item, request_data: "{" })).toThrow(SyntaxError);
    const { created_at: _, ...timeless } = item;
    expect(() => requestEvents(timeless)).toThrow(RangeError);
  });
});

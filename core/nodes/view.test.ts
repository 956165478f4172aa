import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import type { NodeRecord } from "./record.ts";
import { born } from "./revise.ts";
import {
  changedView,
  changedViewOf,
  nodeStatusView,
  nodeSummary,
  nodeView,
  statusViewOf,
  summaryOf,
  transitionView,
  transitionViewOf,
  viewOf,
} from "./view.ts";

const bare = born(
  { id: "n", origin: "discovered", desired_state: "discovered", epoch: 1, at: 0 },
  { name: "n" },
);
const full: NodeRecord = {
  ...bare,
  hostname: "h",
  ip: "192.0.2.1",
  port: 80,
  endpoint: "http://h",
  websocket_url: "ws://h",
  role: "edge",
  labels: ["a"],
  services: ["b"],
  provider: "p",
  region: "r",
  lat: 57.64911,
  lng: 10.40744,
  service_radius_km: 5,
  version: "1",
  desired_state: "active",
  health: "degraded",
  drain_deadline: 5,
};

describe("views", () => {
  it.each([
    ["bare", bare],
    ["full", full],
  ])("of a %s node are what their schemas say, and nothing more", (_, record) => {
    for (const [schema, view] of [
      [nodeView, viewOf(record)],
      [nodeSummary, summaryOf(record)],
      [nodeStatusView, statusViewOf(record)],
      [changedView, changedViewOf(record, "Done.")],
    ] as const) {
      expect(z.parse(schema, view)).toEqual(view);
      expect(JSON.stringify(view)).not.toContain("secret-hash");
      expect(Object.values(view)).not.toContain(undefined);
    }
  });

  it("show a node whole, with the names of every family", () => {
    const seen = {
      health: "healthy" as const,
      cpu_usage: 7,
      active_connections: 3,
      active_agents: 2,
      consecutive_failures: 1,
      last_health_check: 1000,
    };
    expect(viewOf(full, seen)).toMatchObject({
      id: "n",
      node_id: "n",
      location_x: 10.40744,
      location_y: 57.64911,
      // The example of the geohash's own inventor.
      geohash: "u4pruydqq",
      max_connections: 100,
      max_agents: 100,
      status: "degraded",
      health: "degraded",
      health_check_url: "http://h/health",
      has_credentials: false,
      cpu_usage: 7,
      memory_usage: null,
      active_connections: 3,
      last_health_check: "1970-01-01T00:00:01.000Z",
      created_at: "1970-01-01T00:00:00.000Z",
      revision: 1,
    });
  });

  it("keep what is not for everyone out of a summary", () => {
    const summary = summaryOf(full);
    for (const field of ["ip", "hostname", "port", "metadata", "capabilities", "has_credentials"]) {
      expect(summary).not.toHaveProperty(field);
    }
  });

  it("tell a row of the ledger", () => {
    const row = { id: "r", node_id: "n", at: 1, from: null, to: "active", by: "anyone", epoch: 1 };
    const view = transitionViewOf(row);
    expect(z.parse(transitionView, view)).toEqual(view);
    expect(view).toMatchObject({ at: "1970-01-01T00:00:00.001Z", evidence: null });
  });
});

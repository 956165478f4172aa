import { describe, expect, test } from "vitest";
import { DESIRED_STATES, type DesiredState, HEALTHS, transition } from "../nodes/lifecycle.ts";
import type { NodeRecord, Origin } from "../nodes/record.ts";
import { type Amendment, amended, born, drained, flipped, transitioned } from "../nodes/revise.ts";
import { viewOf } from "../nodes/view.ts";
import { MAX_DATA_BYTES } from "./bounded.ts";
import { nodeEvents, placeOfNode } from "./node-events.ts";

const MADE = Date.parse("2026-03-01T12:34:56.789Z");
const REMOVED = MADE + 60_000;
const place = placeOfNode({ lat: 47.37, lng: 8.54 })!;

function node(over: Partial<NodeRecord> = {}): NodeRecord {
  const birth = {
    id: "n1",
    origin: "registered",
    desired_state: "active",
    epoch: 1,
    at: MADE,
  } as const;
  const given = { name: "Node", endpoint: "http://a.example", location: { lat: 47.37, lng: 8.54 } };
  return { ...born(birth, given), ...over };
}

/** The record as a write leaves it. */
function written(record: NodeRecord): NodeRecord {
  return { ...record, revision: record.revision + 1, updated_at: record.updated_at + 1000 };
}

const told = (before: NodeRecord | null, after: NodeRecord | null) => nodeEvents(before, after, REMOVED);
const types = (before: NodeRecord | null, after: NodeRecord | null) =>
  told(before, after).map(({ type }) => type);

describe("E5: a node that is made", () => {
  test.each([
    ["registered", "node_registered"],
    ["created", "node_created"],
  ] as const)("as %s is %s, with all that is known of it", (origin: Origin, type) => {
    const made = node({ origin, desired_state: "inactive" });
    expect(told(null, made)).toEqual([{ type, at: MADE, place, data: viewOf(made) }]);
  });

  test("by discovery is node_discovered, with what was found", () => {
    const metadata = { identity: { node_id: "x" } };
    const found = node({ origin: "discovered", desired_state: "discovered", metadata });
    const data = {
      node_id: "n1",
      name: "Node",
      location: { lat: 47.37, lng: 8.54 },
      endpoint: "http://a.example",
      db_id: "n1",
      identity: { node_id: "x" },
    };
    expect(told(null, found)).toEqual([{ type: "node_discovered", at: MADE, place, data }]);
    const { lat: _, lng: _l, endpoint: _e, ...bare } = found;
    expect(told(null, { ...bare, metadata: {} })).toEqual([
      {
        type: "node_discovered",
        at: MADE,
        place: undefined,
        data: { ...data, location: null, endpoint: null, identity: null },
      },
    ]);
  });
});

describe("E5: a node that is brought to another state", () => {
  const EVENTS: Partial<Record<DesiredState, string>> = {
    active: "node_activated",
    draining: "node_draining",
    inactive: "node_deactivated",
    disabled: "node_deactivated",
  };
  const legal = DESIRED_STATES.flatMap((from) =>
    (["activate", "deactivate", "drain", "disable"] as const).flatMap((kind) => {
      try {
        return [{ kind, from, to: transition(kind, from) }];
      } catch {
        return [];
      }
    }),
  );

  test("has twelve ways to go", () => expect(legal).toHaveLength(12));

  test.each(legal)("$kind: $from to $to is one event, whatever its health was", ({ kind, from, to }) => {
    for (const health of HEALTHS) {
      const before = node({
        desired_state: from,
        health,
        ...(from === "draining" ? { drain_deadline: MADE } : {}),
      });
      const after = written(transitioned(before, kind, MADE + 5000));
      const status = to === "active" ? "active" : to;
      expect(told(before, after)).toEqual([
        { type: EVENTS[to], at: MADE + 1000, place, data: { id: "n1", name: "Node", status } },
      ]);
    }
  });

  test("by the end of its drain is node_deactivated", () => {
    const before = node({ desired_state: "draining", drain_deadline: MADE, health: "healthy" });
    expect(told(before, written(drained(before)!))).toMatchObject([
      { type: "node_deactivated", data: { status: "inactive" } },
    ]);
  });

  test.each(["active", "inactive", "draining", "disabled"] as const)(
    "%s by the write that changed what it is: node_updated is first, with both",
    (to) => {
      const before = node({ desired_state: to === "active" ? "disabled" : "active", health: "healthy" });
      const kind = {
        active: "activate",
        inactive: "deactivate",
        draining: "drain",
        disabled: "disable",
      } as const;
      const after = written(transitioned(amended(before, { name: "New" }), kind[to], MADE));
      expect(told(before, after)).toEqual([
        { type: "node_updated", at: MADE + 1000, place, data: viewOf(after) },
        { type: EVENTS[to], at: MADE + 1000, place, data: { id: "n1", name: "New", status: to } },
      ]);
    },
  );
});

describe("E5: a node's health", () => {
  const flips = HEALTHS.flatMap((from) =>
    HEALTHS.filter((to) => to !== from && to !== "unknown").map((to) => ({ from, to })),
  );

  test.each(flips)("from $from to $to is node_health_updated", ({ from, to }) => {
    const before = node({ health: from });
    const data = {
      id: "n1",
      name: "Node",
      status: to,
      cpu_usage: null,
      memory_usage: null,
      active_connections: 0,
      last_health_check: new Date(MADE + 1000).toISOString(),
    };
    expect(told(before, written(flipped(before, 1, to)!))).toEqual([
      { type: "node_health_updated", at: MADE + 1000, place, data },
    ]);
  });

  test("that flips while it drains leaves its status", () => {
    const before = node({ desired_state: "draining", drain_deadline: MADE });
    expect(told(before, written(flipped(before, 1, "unhealthy")!))).toMatchObject([
      { type: "node_health_updated", data: { status: "draining" } },
    ]);
  });

  test("begins anew where it is probed elsewhere: that it was updated comes first", () => {
    const before = node({ health: "unhealthy" });
    const after = written(amended(before, { endpoint: "http://b.example" }));
    expect(told(before, after)).toMatchObject([
      { type: "node_updated", data: { endpoint: "http://b.example", health: "unknown" } },
      { type: "node_health_updated", data: { status: "active" } },
    ]);
    expect(types(node(), written(amended(node(), { endpoint: "http://b.example" })))).toEqual([
      "node_updated",
    ]);
  });
});

describe("E5: a node of which something changed", () => {
  const changes: Record<string, Amendment> = {
    name: { name: "New" },
    hostname: { hostname: "h" },
    ip: { ip: "192.0.2.1" },
    port: { port: 81 },
    endpoint: { endpoint: "http://b.example" },
    websocket_url: { websocket_url: "ws://a.example" },
    health_check_url: { health_check_url: "http://a.example/up" },
    role: { role: "r" },
    labels: { labels: ["a"] },
    services: { services: ["s"] },
    provider: { provider: "p" },
    region: { region: "eu" },
    position: { location: { lat: 1, lng: 2 } },
    "position taken away": { location: null },
    service_radius_km: { service_radius_km: 5 },
    capacity: { capacity: 7 },
    capabilities: { capabilities: { gpu: { deep: [1] } } },
    version: { version: "2" },
    metadata: { metadata: { a: null } },
  };

  test.each(Object.entries(changes))("%s is node_updated, whole", (_, change) => {
    const after = written(amended(node(), change));
    expect(told(node(), after)).toEqual([
      { type: "node_updated", at: MADE + 1000, place: placeOfNode(after), data: viewOf(after) },
    ]);
  });

  test.each(Object.entries(changes).slice(1))("%s, of a node that draining left as it was", (_, change) => {
    const before = node({ desired_state: "draining", drain_deadline: MADE });
    expect(types(before, written(amended(before, change)))).toEqual(["node_updated"]);
  });

  test.each([
    ["an epoch", { epoch: 9 }],
    ["the revision", {}],
    ["when a drain ends", { drain_deadline: MADE + 9 }],
  ])("%s alone is no event", (_, over) => {
    expect(told(node(), written(node(over)))).toEqual([]);
  });

  test("E10: data of more than 24 KB gives way where it is largest", () => {
    const metadata = { text: "x".repeat(30_000) };
    const [fact] = told(node(), written(node({ metadata })));
    expect(fact!.data).toEqual({ ...viewOf(written(node())), metadata: { omitted_bytes: 30_011 } });
    expect(Buffer.byteLength(JSON.stringify(fact!.data))).toBeLessThanOrEqual(MAX_DATA_BYTES);
  });
});

describe("E5: a node that is deleted", () => {
  test("is node_deleted, when it was deleted, where it was", () => {
    const data = { node_id: "n1", id: "n1", name: "Node" };
    expect(told(node(), null)).toEqual([{ type: "node_deleted", at: REMOVED, place, data }]);
    // The stream tells the second; the node was written within it.
    expect(nodeEvents(node(), null, MADE - 789)).toMatchObject([{ type: "node_deleted", at: MADE }]);
  });

  test("where there is no node before or after, nothing happened", () =>
    expect(told(null, null)).toEqual([]));
});

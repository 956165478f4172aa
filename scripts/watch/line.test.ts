import { expect, test } from "vitest";
import { ArxError } from "../../client/index.ts";
import { lineOf, stateLine } from "./line.ts";
import { type Paint, plain } from "./paint.ts";

const bare: Paint = (_, text) => text;
const marked: Paint = (style, text) => `<${style}>${text}</>`;
const line = (type: string, data: object, paint: Paint = bare) =>
  lineOf({ type, at: "2026-03-04T05:06:07.089Z", data }, paint);

const named = { id: "zurich-1", name: "Zurich 1", status: "healthy" };
const routed = {
  request_id: "r-1",
  coordinates_x: 8.54,
  coordinates_y: 47.37,
  selected_node_id: "zurich-1",
  distance: 1.2345,
  status: "routed",
};
const ended = {
  request_id: "r-1",
  selected_node: "zurich-1",
  distance: 0,
  response_time_ms: 34.56,
  status: "completed",
};

test.each([
  [
    "node_registered",
    { ...named, lat: 47.37, lng: 8.54, endpoint: "http://edge:9000" },
    "Zurich 1 (zurich-1)  healthy  47.3700,8.5400  http://edge:9000",
  ],
  ["node_created", { ...named, lat: null, lng: null, endpoint: null }, "Zurich 1 (zurich-1)  healthy"],
  ["node_updated", { ...named, lat: 0, lng: -0.5 }, "Zurich 1 (zurich-1)  healthy  0.0000,-0.5000"],
  ["node_deleted", { node_id: "n", id: "n", name: "n" }, "n"],
  ["node_activated", { ...named, status: "active" }, "Zurich 1 (zurich-1)  active"],
  ["node_deactivated", { ...named, status: "disabled" }, "Zurich 1 (zurich-1)  disabled"],
  ["node_draining", { ...named, status: "draining" }, "Zurich 1 (zurich-1)  draining"],
  [
    "node_discovered",
    { node_id: "n-2", name: "Two", location: { lat: 1, lng: 2 }, endpoint: "http://two", identity: null },
    "Two (n-2)  1.0000,2.0000  http://two",
  ],
  ["node_discovered", { node_id: "n-2", name: "Two", location: null, endpoint: null }, "Two (n-2)"],
  [
    "node_health_updated",
    { ...named, cpu_usage: 12.34, memory_usage: 0, active_connections: 3 },
    "Zurich 1 (zurich-1)  healthy  cpu 12.3%  memory 0%  3 connections",
  ],
  [
    "node_health_updated",
    { ...named, cpu_usage: null, memory_usage: null, active_connections: 0 },
    "Zurich 1 (zurich-1)  healthy  0 connections",
  ],
  ["route_request", routed, "47.3700,8.5400 → zurich-1  1.2 km  routed  r-1"],
  [
    "route_request",
    { ...routed, selected_node_id: null, distance: null, status: "rejected" },
    "47.3700,8.5400 → no node  rejected  r-1",
  ],
  ["request_completed", ended, "→ zurich-1  0 km  completed  in 34.6 ms  r-1"],
  [
    "snapshot_required",
    { reason: "too_old", snapshot: ["/a", "/b"] },
    "events before this are gone (too_old)  read /a and /b",
  ],
  ["leader_changed", { leader: "n-1", term: 7 }, '{"leader":"n-1","term":7}'],
  ["of_tomorrow", {}, "{}"],
  ["node_created", {}, ""],
  ["constructor", { a: 1 }, '{"a":1}'],
])("%s %j in words", (type, data, words) => {
  expect(line(type, data)).toBe(`05:06:07.089  ${type.padEnd(19)}  ${words}`.trimEnd());
});

test("how good a status is can be seen by its colour", () => {
  const colourOf = (status: string) =>
    /<(\w+)>([^<]*)<\/>$/.exec(line("node_updated", { id: "n", status }, marked))?.[1];
  expect(["healthy", "degraded", "unhealthy", "disabled"].map(colourOf)).toEqual([
    "green",
    "yellow",
    "red",
    "dim",
  ]);
  expect(line("node_updated", { id: "n", status: "toString" }, marked)).toMatch(/ {2}toString$/);
  expect(line("route_request", { ...routed, selected_node_id: null }, marked)).toContain("<red>no node</>");
});

test("nothing in an event can steer the terminal or make a second line", () => {
  const bad = "a\u001b[2Jb\r\nc\u0007\u009b\u202e\u2028";
  for (const data of [{ id: bad, name: bad, status: bad, endpoint: bad }, { [bad]: bad }])
    for (const type of ["node_registered", bad]) {
      const shown = lineOf({ type, at: bad, data }, bare);
      expect(shown).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
      expect(shown).toContain("a\ufffd[2Jb\ufffd\ufffdc");
    }
  expect(
    stateLine({ state: "waiting", cause: new ArxError(0, { detail: bad }), pauseMs: 0 }, bare),
  ).not.toMatch(/\p{Cc}/u);
});

test("what is long is cut", () => {
  expect(plain("ä".repeat(121))).toBe(`${"ä".repeat(119)}…`);
  expect(plain("ä".repeat(120))).toBe("ä".repeat(120));
  expect(plain(undefined)).toBe("");
});

test("changes of the connection that somebody may want to know", () => {
  expect(stateLine({ state: "live" }, marked)).toBe("<green>following</>");
  expect(stateLine({ state: "paused" }, bare)).toContain("behind");
  const cause = new ArxError(503, { detail: "Out of order." });
  expect(stateLine({ state: "waiting", cause, pauseMs: 1250 }, bare)).toBe("Out of order. Again in 1.3 s.");
  expect(stateLine({ state: "connecting" }, bare)).toBeUndefined();
  expect(stateLine({ state: "closed" }, bare)).toBeUndefined();
});

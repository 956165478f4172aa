import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TABLES } from "../../core/tables.ts";
import { makeNodes } from "../../functions/http/nodes.ts";
import { makeRouting } from "../../functions/http/routing.ts";
import { makeService } from "../../functions/http/service.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { account, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let gateway: Gateway;
let admin: string;

beforeAll(async () => {
  world = await openTestWorld();
  admin = (await account(world, "admin")).token;
  const open = () => coldWorld(world);
  const functions = { routing: makeRouting(open), nodes: makeNodes(open), service: makeService(open) };
  gateway = await startGateway({ port: 0, functions: () => functions as unknown as FunctionHandlers });
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly error: string;
  readonly request_id: string;
  readonly errors?: { path: string; message: string }[];
}

async function send(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<{ answer: Response; problem: Problem }> {
  const answer = await fetch(gateway.origin + path, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: {
      authorization: `Bearer ${admin}`,
      "content-type": "application/json",
      ...headers,
    },
  });
  const problem = (await answer.json()) as Problem;
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("x-request-id")).toBe(problem.request_id);
  expect(problem).toMatchObject({ status: answer.status, error: problem.detail });
  expect(JSON.stringify(problem)).not.toMatch(/\bat .*\.(ts|js):\d+/);
  return { answer, problem };
}

async function itemCount(): Promise<number> {
  const counts = await Promise.all(
    TABLES.map(async (spec) => {
      const { Count } = await world.store.doc.send(
        new ScanCommand({ TableName: world.store.table(spec), Select: "COUNT" }),
      );
      return Count ?? 0;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const at = { lat: 47.37, lng: 8.54 };
const route = (over: object) => JSON.stringify({ request_id: "r", coordinates: at, ...over });
const node = (over: object) =>
  JSON.stringify({ name: "n", location: at, endpoint: "http://edge.example.com", ...over });
const deep = (levels: number) => `{"a":`.repeat(levels) + "1" + "}".repeat(levels);

/** Path, body, status, and the field that the answer names. */
const BODIES: readonly [what: string, path: string, body: string, status: number, field?: string][] = [
  ["no position", "/api/v1/route", `{"request_id":"r"}`, 422, "coordinates"],
  ["no request id", "/api/v1/route", JSON.stringify({ coordinates: at }), 422, "request_id"],
  [
    "latitude beyond a pole",
    "/api/v1/route",
    route({ coordinates: { lat: 90.1, lng: 0 } }),
    422,
    "coordinates.lat",
  ],
  [
    "longitude beyond the antimeridian",
    "/api/v1/route",
    route({ coordinates: { x: 180.5, y: 0 } }),
    422,
    "coordinates.x",
  ],
  [
    "an infinite latitude",
    "/api/v1/route",
    `{"request_id":"r","coordinates":{"lat":1e999,"lng":0}}`,
    422,
    "coordinates.lat",
  ],
  ["NaN, which JSON has not", "/api/v1/route", `{"request_id":"r","coordinates":{"lat":NaN,"lng":0}}`, 400],
  [
    "a latitude of text",
    "/api/v1/route",
    route({ coordinates: { lat: "47", lng: 8 } }),
    422,
    "coordinates.lat",
  ],
  ["k of zero", "/api/v1/route", route({ k: 0 }), 422, "k"],
  ["k of a half", "/api/v1/route", route({ k: 1.5 }), 422, "k"],
  ["k of a million", "/api/v1/route", route({ k: 1_000_000 }), 422, "k"],
  ["an unknown strategy", "/api/v1/route", route({ strategy: "best" }), 422, "strategy"],
  ["an unknown priority", "/api/v1/route", route({ priority: "urgent" }), 422, "priority"],
  ["a distance below zero", "/api/v1/route", route({ max_distance_km: -1 }), 422, "max_distance_km"],
  ["a header that is two", "/api/v1/route", route({ headers: { "x-a": "b\r\nc: d" } }), 422, "headers.x-a"],
  ["metadata that is a list", "/api/v1/route", route({ metadata: [] }), 422, "metadata"],
  ["metadata too large", "/api/v1/route", route({ metadata: { a: "x".repeat(9000) } }), 422, "metadata"],
  ["a deep payload", "/api/v1/route", route({ payload: JSON.parse(deep(100)) }), 422, "payload"],
  [
    "ten thousand levels",
    "/api/v1/route",
    `{"request_id":"r","coordinates":{"lat":1,"lng":1},"payload":${deep(10_000)}}`,
    422,
    "payload",
  ],
  [
    "__proto__",
    "/api/v1/route",
    `{"request_id":"r","coordinates":{"lat":1,"lng":1},"metadata":{"__proto__":{"a":1}}}`,
    400,
  ],
  ["half a document", "/api/v1/route", `{"request_id":`, 400],
  ["a list", "/api/v1/route", "[]", 400],
  ["a bare number", "/api/v1/route", "7", 400],
  ["too large a body", "/api/v1/route", route({ payload: "x".repeat(300 * 1024) }), 413],
  ["a name of blanks", "/admin/api/v1/nodes", node({ name: "   " }), 422, "name"],
  ["a name too long", "/admin/api/v1/nodes", node({ name: "x".repeat(200) }), 422, "name"],
  [
    "an endpoint of another scheme",
    "/admin/api/v1/nodes",
    node({ endpoint: "ftp://edge.example.com" }),
    422,
    "endpoint",
  ],
  [
    "an endpoint in the own network",
    "/admin/api/v1/nodes",
    node({ endpoint: "http://169.254.169.254" }),
    422,
    "endpoint",
  ],
  ["a capacity of zero", "/admin/api/v1/nodes", node({ capacity: 0 }), 422, "capacity"],
  ["labels that repeat", "/admin/api/v1/nodes", node({ labels: ["a", "a"] }), 422, "labels"],
  ["an id with a slash", "/admin/api/v1/nodes", node({ id: "a/b" }), 422, "id"],
];

describe("a body that is no good is refused, named, and changes nothing", () => {
  test.each(BODIES)("%s", async (_, path, body, status, field) => {
    const before = await itemCount();
    const { answer, problem } = await send("POST", path, body);
    expect([answer.status, problem.detail]).toEqual([status, problem.detail]);
    if (field !== undefined) expect(problem.errors!.map((one) => one.path)).toContain(field);
    for (const { message } of problem.errors ?? []) expect(message).not.toBe("Invalid input");
    expect(await itemCount()).toBe(before);
  });
});

test.each([
  ["GET", "/admin/api/v1/nodes?limit=0", 400, "limit"],
  ["GET", "/admin/api/v1/nodes?limit=many", 400, "limit"],
  ["GET", "/admin/api/v1/nodes?status=fine", 400, "status"],
  ["GET", "/admin/api/v1/nodes?near=91,0", 400, "near"],
  ["GET", "/admin/api/v1/nodes?cursor=%00nonsense", 400, undefined],
  ["GET", "/admin/api/v1/nodes/none/status", 404, undefined],
  ["POST", "/admin/api/v1/nodes/none/activate", 404, undefined],
  ["DELETE", "/admin/api/v1/nodes/none", 404, undefined],
  ["GET", "/nowhere", 404, undefined],
  ["DELETE", "/api/v1/route", 405, undefined],
])("%s %s → %i", async (method, path, status, field) => {
  const { answer, problem } = await send(method, path);
  expect(answer.status).toBe(status);
  if (field) expect(problem.errors!.map((one) => one.path.split(".")[0])).toContain(field);
  if (status === 405) expect(answer.headers.get("allow")).toBe("POST");
});

test("other content types, wrong keys and odd request ids", async () => {
  expect(
    (await send("POST", "/api/v1/route", "a=b", { "content-type": "application/x-www-form-urlencoded" }))
      .answer.status,
  ).toBe(415);
  expect(
    (await send("GET", "/admin/api/v1/nodes", undefined, { authorization: "Bearer wrong" })).answer.status,
  ).toBe(401);
  expect(
    (await send("GET", "/admin/api/v1/nodes", undefined, { authorization: "Basic eDp5" })).answer.status,
  ).toBe(401);
  const { problem } = await send("GET", "/nowhere", undefined, { "x-request-id": "no spaces allowed" });
  expect(problem.request_id).toMatch(/^[0-9a-f-]{36}$/);
  const own = await send("GET", "/nowhere", undefined, { "x-request-id": "mine-1" });
  expect(own.problem.request_id).toBe("mine-1");
});

test("a repeat under its Idempotency-Key gets the first answer; another input is a conflict", async () => {
  const key = {
    "idempotency-key": "k-1",
    authorization: `Bearer ${admin}`,
    "content-type": "application/json",
  };
  const post = (body: string) =>
    fetch(`${gateway.origin}/admin/api/v1/nodes`, { method: "POST", headers: key, body });
  const first = (await (await post(node({ name: "once" }))).json()) as { id: string };
  const second = (await (await post(node({ name: "once" }))).json()) as { id: string };
  expect(second).toEqual(first);
  expect((await post(node({ name: "other" }))).status).toBe(409);
});

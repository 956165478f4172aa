import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TABLES } from "../../core/tables.ts";
import { MAX_BODY_BYTES } from "../../functions/http/request.ts";
import { makeRouting } from "../../functions/http/routing.ts";
import { member, observeAll, Truth } from "../cells/fleet.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";
import { call, type Sent } from "./event.ts";

const at = { lat: 47.37, lng: 8.54 };
const body = (over: object = {}) => JSON.stringify({ request_id: "r", coordinates: at, ...over });
const base64 = (text: string) => Buffer.from(text).toString("base64");

let world: TestWorld;
let send: (sent: Sent) => ReturnType<typeof call>;
const faults: string[] = [];

beforeAll(async () => {
  const error = (message: string, fields?: object) => faults.push(`${message} ${JSON.stringify(fields)}`);
  world = await openTestWorld({ log: { info() {}, warn() {}, error } });
  const truth = new Truth();
  await truth.tell(world, truth.put(member("only", at.lat, at.lng)));
  await observeAll(world, 1, world.now());
  const handler = makeRouting(() => world);
  send = (sent) => call(handler, sent);
});
afterAll(() => world.close());

/** Items of all tables. */
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

const many = (count: number) => `[${"0,".repeat(count)}0]`;
const deep = (levels: number) => `{"a":`.repeat(levels) + "1" + "}".repeat(levels);
const raw = (fields: string) => `{"request_id":"r","coordinates":{"lat":1,"lng":1},${fields}}`;

const BAD: readonly [what: string, sent: Sent, status: number, field?: string][] = [
  ["no body", {}, 422, "request_id"],
  ["an empty body", { body: "" }, 422, "request_id"],
  ["an empty object", { body: "{}" }, 422, "request_id"],
  ["no position", { body: '{"request_id":"r"}' }, 422, "coordinates"],
  ["null", { body: "null" }, 400],
  ["an array", { body: "[]" }, 400],
  ["a text", { body: '"r"' }, 400],
  ["no JSON", { body: "{request_id: 1}" }, 400],
  ["two documents", { body: `${body()}${body()}` }, 400],
  ["another content type", { body: body(), headers: { "content-type": "text/plain" } }, 415],
  ["no content type", { body: body(), headers: { "content-type": "" } }, 415],
  [
    "an infinite latitude",
    { body: '{"request_id":"r","coordinates":{"lat":1e999,"lng":0}}' },
    422,
    "coordinates.lat",
  ],
  ["an infinite payload", { body: raw('"payload":[[1e999]],"forward":false') }, 422, "payload"],
  ["infinite metadata", { body: raw('"metadata":{"a":-1e999}') }, 422, "metadata"],
  ["infinite client_info", { body: raw('"client_info":{"a":[1e400]}') }, 422, "client_info"],
  ["a huge distance", { body: body({ max_distance_km: 1e308 }) }, 422, "max_distance_km"],
  ["a huge k", { body: body({ k: 1e21 }) }, 422, "k"],
  ["flat degrees out of range", { body: JSON.stringify({ request_id: "r", lat: -91, lng: 0 }) }, 422, "lat"],
  ["half a flat position", { body: JSON.stringify({ request_id: "r", lat: 1 }) }, 422, "coordinates"],
  ["a request id of control characters", { body: body({ request_id: "a\nb" }) }, 422, "request_id"],
  ["a request id too long", { body: body({ request_id: "r".repeat(129) }) }, 422, "request_id"],
  ["a number for a request id", { body: body({ request_id: 7 }) }, 422, "request_id"],
  ["text for a flag", { body: body({ explain: "yes" }) }, 422, "explain"],
  ["33 labels", { body: body({ require: { labels: Array(33).fill("a") } }) }, 422, "require.labels"],
  ["a label of blanks", { body: body({ require: { labels: [" "] } }) }, 422],
  [
    "33 headers",
    { body: body({ headers: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`x-${i}`, ""])) }) },
    422,
    "headers",
  ],
  ["a header name of blanks", { body: body({ headers: { "x y": "1" } }) }, 422],
  ["deep metadata", { body: raw(`"metadata":${deep(5_000)}`) }, 422, "metadata"],
  ["deep coordinates", { body: `{"request_id":"r","coordinates":${deep(10_000)}}` }, 422],
  [
    "a deep requirement",
    { body: raw(`"require":{"labels":${"[".repeat(10_000)}${"]".repeat(10_000)}}`) },
    422,
  ],
  ["__proto__", { body: raw('"payload":{"a":[{"__proto__":{"x":1}}]}') }, 400],
  ["__proto__ at the top", { body: raw('"__proto__":{"x":1}') }, 400],
  ["a body too large", { body: body({ payload: "x".repeat(MAX_BODY_BYTES) }) }, 413],
  ["a body too large in bytes", { body: body({ payload: "ü".repeat(MAX_BODY_BYTES / 2) }) }, 413],
  [
    "a body too large in base64",
    { body: base64(body({ payload: "x".repeat(MAX_BODY_BYTES) })), isBase64Encoded: true },
    413,
  ],
  ["base64 of no JSON", { body: base64("nonsense"), isBase64Encoded: true }, 400],
  [
    "base64 of bytes that are no text",
    { body: Buffer.from([0xff, 0xfe, 0x00]).toString("base64"), isBase64Encoded: true },
    400,
  ],
  ["a wrong key", { body: body(), headers: { authorization: "Bearer wrong" } }, 401],
  ["another scheme", { body: body(), headers: { authorization: "Basic eDp5" } }, 401],
  ["an empty key", { body: body(), headers: { authorization: "Bearer " } }, 401],
  ["another method", { method: "DELETE" }, 405],
  ["a GET", { method: "GET" }, 405],
  ["another path", { path: "/api/v1/routes", body: body() }, 404],
];

test.each(BAD)(
  "%s is refused with a problem document, and changes nothing",
  async (_, sent, status, field) => {
    const before = await itemCount();
    const { status: answered, headers, body: problem } = await send(sent);
    expect([answered, problem.detail]).toEqual([status, problem.detail]);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(problem).toMatchObject({ type: "about:blank", status, request_id: headers["x-request-id"] });
    expect(problem.error).toBe(problem.detail);
    if (field) expect((problem.errors as { path: string }[]).map((one) => one.path)).toContain(field);
    if (status === 405) expect(headers.allow).toBe("POST");
    expect(await itemCount()).toBe(before);
    expect(faults).toEqual([]);
  },
);

test.each([
  [
    "a list so long that it fits no call's arguments",
    raw(`"forward":false,"client_info":{"a":"__proto__"},"payload":${many(120_000)}`),
  ],
  ["a field nobody knows, ten thousand levels deep", raw(`"unknown":${deep(10_000)}`)],
  ["positions at the ends of the Earth", '{"request_id":"r","coordinates":{"x":-180,"y":-90}}'],
])("%s is taken", async (_, sent) => {
  expect((await send({ body: sent })).status).toBe(200);
  expect(faults).toEqual([]);
});

test("a body in base64 is read like any other, and JSON by another name too", async () => {
  expect((await send({ body: base64(body()), isBase64Encoded: true })).status).toBe(200);
  const named = { "content-type": "application/vnd.arx+json; charset=utf-8" };
  expect((await send({ body: body(), headers: named })).status).toBe(200);
});

test("a caller's request id is passed on when it is well formed, and replaced when it is not", async () => {
  const own = await send({ body: body(), headers: { "x-request-id": "mine-1.2_3" } });
  expect(own.headers["x-request-id"]).toBe("mine-1.2_3");
  for (const odd of ["", "a b", "a\nb", "x".repeat(129), "é"]) {
    const { headers } = await send({ body: body(), headers: { "x-request-id": odd } });
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  }
});

test("a function that can't start says only that something is wrong, and tries again with the next request", async () => {
  let starts = 0;
  const handler = makeRouting(() => {
    if (starts++ === 0) throw new Error("ARX_SECRET is not set");
    return world;
  });
  const { error } = console;
  console.error = () => {};
  const refused = await call(handler, { body: body() }).finally(() => {
    console.error = error;
  });
  expect(refused.status).toBe(500);
  expect(JSON.stringify(refused.body)).not.toContain("ARX_SECRET");
  expect((await call(handler, { body: body() })).status).toBe(200);
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EventType } from "../../core/events/index.ts";
import { Webhooks } from "../../core/webhooks/index.ts";
import { makeWebhooks } from "../../functions/http/webhooks.ts";
import { type FunctionHandlers, type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { startReceiver } from "../../scripts/webhook-receiver.ts";
import { HTTP_FUNCTIONS } from "../../stacks/functions.ts";
import { account, adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let gateway: Gateway;
let clock = Date.now();
let admin: string;

beforeAll(async () => {
  world = await openTestWorld({ now: () => clock });
  admin = (await account(world, "admin")).token;
  gateway = await serve(world);
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});
afterEach(async () => {
  const ctx = adminCtx(world);
  for (const { id } of (await Webhooks.list(ctx, {})).items) await Webhooks.remove(ctx, { id });
});

function serve(of: TestWorld): Promise<Gateway> {
  const webhooks = makeWebhooks(() => coldWorld(of));
  const functions = Object.fromEntries(Object.keys(HTTP_FUNCTIONS).map((domain) => [domain, webhooks]));
  return startGateway({ port: 0, functions: () => functions as FunctionHandlers });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReturnType<typeof JSON.parse>;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  at: Gateway = gateway,
): Promise<Answer> {
  const url = path.startsWith("http") ? path : `${at.origin}/admin/api/v1/webhooks${path}`;
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${admin}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
}

const GIVEN = {
  url: "https://hooks.example.com/arx/",
  types: ["node_updated", "node_deleted"] as EventType[],
};
const make = async (given: object = {}) => (await ask("POST", "", { ...GIVEN, ...given })).body;

it("makes one, whose secret is shown this once", async () => {
  const { status, headers, body } = await ask("POST", "", {
    ...GIVEN,
    cells: ["u0q", "u0"],
    description: " a ",
  });
  expect(status).toBe(201);
  expect(headers.get("location")).toBe(`/admin/api/v1/webhooks/${body.id}`);
  expect(headers.get("etag")).toBe('"1"');
  const { secret, ...shown } = body;
  expect(secret).toMatch(/^whsec_/);
  expect(shown).toEqual({
    id: body.id,
    url: "https://hooks.example.com/arx/",
    types: ["node_deleted", "node_updated"],
    cells: ["u0", "u0q"],
    description: "a",
    active: true,
    disabled_reason: null,
    previous_secrets_until: null,
    deliveries: {
      last_success_at: null,
      last_failure_at: null,
      last_failure: null,
      consecutive_failures: 0,
      failing_since: null,
    },
    created_at: new Date(clock).toISOString(),
    updated_at: new Date(clock).toISOString(),
    revision: 1,
  });
  const got = await ask("GET", `/${body.id}`);
  expect(got.body).toEqual(shown);
  expect(got.headers.get("etag")).toBe('"1"');
  expect((await ask("GET", "")).body).toEqual([shown]);
});

it("takes all types as * alone, and everywhere as null", async () => {
  expect(await make({ types: ["*"], cells: null, description: null, active: false })).toMatchObject({
    types: ["*"],
    cells: null,
    description: null,
    active: false,
  });
});

it("answers a repeat under its Idempotency-Key with the first one, secret and all", async () => {
  const once = () => ask("POST", "", GIVEN, { "idempotency-key": "k-1" });
  const [first, second] = [await once(), await once()];
  expect(second.body).toEqual(first.body);
  expect((await ask("GET", "")).body).toHaveLength(1);
});

it("lists them newest first, page after page", async () => {
  const made: string[] = [];
  for (let count = 0; count < 5; count++) {
    clock += 1;
    made.unshift((await make()).id);
  }
  const listed: string[] = [];
  let at: string | undefined = "?limit=2";
  let pages = 0;
  while (at !== undefined) {
    const answer: Answer = await ask("GET", at);
    listed.push(...answer.body.map(({ id }: { id: string }) => id));
    at = /<([^>]*)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
    pages++;
  }
  expect(listed).toEqual(made);
  expect(pages).toBe(3);
  expect((await ask("GET", "?cursor=bm8")).status).toBe(400);
});

it("changes what is named, on the revision that is named", async () => {
  const { id } = await make({ cells: ["u0"], description: "before" });
  const first = await ask("PUT", `/${id}`, { types: ["*"], cells: null }, { "if-match": '"1"' });
  expect(first.status).toBe(200);
  expect(first.headers.get("etag")).toBe('"2"');
  expect(first.body).toMatchObject({
    types: ["*"],
    cells: null,
    description: "before",
    url: GIVEN.url,
    revision: 2,
  });
  expect(first.body).not.toHaveProperty("secret");
  const late = await ask("PUT", `/${id}`, { active: false }, { "if-match": '"1"' });
  expect(late.status).toBe(412);
  const same = await ask("PUT", `/${id}`, { types: ["*"] });
  expect(same.body.revision).toBe(2);
  const both = await Promise.all([
    ask("PUT", `/${id}`, { description: "a" }),
    ask("PUT", `/${id}`, { active: false }),
  ]);
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect((await ask("GET", `/${id}`)).body).toMatchObject({ description: "a", active: false, revision: 4 });
});

it("deletes one, on its revision, once", async () => {
  const { id } = await make();
  expect((await ask("DELETE", `/${id}`, undefined, { "if-match": '"9"' })).status).toBe(412);
  expect((await ask("DELETE", `/${id}`)).status).toBe(204);
  for (const [method, path, body] of [
    ["GET", "", undefined],
    ["DELETE", "", undefined],
    ["PUT", "", {}],
    ["POST", "/rotate-secret", {}],
    ["POST", "/test", {}],
  ] as const) {
    expect((await ask(method, `/${id}${path}`, body)).status, `${method} ${path}`).toBe(404);
  }
});

it("rotates a secret, with a day of overlap unless told otherwise", async () => {
  const { id, secret } = await make();
  const { status, body } = await ask("POST", `/${id}/rotate-secret`, {});
  expect(status).toBe(200);
  expect(body.secret).toMatch(/^whsec_/);
  expect(body.secret).not.toBe(secret);
  expect(body.previous_secrets_until).toBe(new Date(clock + 86_400_000).toISOString());
  const leaked = await ask("POST", `/${id}/rotate-secret`, { overlap_s: 0 }, { "if-match": '"2"' });
  expect(leaked.body.previous_secrets_until).toBeNull();
  expect((await ask("POST", `/${id}/rotate-secret`, {}, { "if-match": '"2"' })).status).toBe(412);
});

it("W10: there are fifty at most, also when two are made at the same moment", async () => {
  for (let count = 0; count < 48; count++) await Webhooks.create(adminCtx(world), GIVEN);
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask("POST", "", GIVEN)));
  const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
  expect(statuses).toEqual([201, 201, 409, 409, 409, 409]);
  expect((await ask("GET", "")).body).toHaveLength(50);
});

it("is for the admin alone", async () => {
  const { id } = await make();
  for (const [method, path] of [
    ["GET", ""],
    ["POST", ""],
    ["GET", `/${id}`],
    ["PUT", `/${id}`],
    ["DELETE", `/${id}`],
    ["POST", `/${id}/test`],
    ["POST", `/${id}/rotate-secret`],
  ] as const) {
    const { status } = await ask(method, path, undefined, { authorization: "" });
    expect(status, `${method} ${path}`).toBe(401);
  }
});

describe("a test", () => {
  it("sends a signed event now, also to a webhook that is off, and tells what the receiver said", async () => {
    const secrets: string[] = [];
    const receiver = await startReceiver({
      port: 0,
      secrets: () => secrets,
      reply: ({ attempt }) => ({ status: attempt === 1 ? 200 : 500, body: `ö${"x".repeat(2000)}` }),
    });
    try {
      const { id, secret } = await make({ url: receiver.url, active: false });
      expect((await ask("POST", `/${id}/test`, {})).body).toMatchObject({
        delivered: false,
        receiver_status: 401,
        receiver_answer: "No secret is known here.",
      });
      secrets.push(secret);
      const { status, body } = await ask("POST", `/${id}/test`, {});
      expect(status).toBe(200);
      expect(body).toMatchObject({ delivered: true, receiver_status: 200, reason: null });
      expect(body.receiver_answer).toBe(`ö${"x".repeat(1022)}`);
      const [, got] = receiver.received;
      expect(got!.id).toBe(body.event_id);
      expect(got!.event).toMatchObject({ type: "webhook_test", id: body.event_id, data: { webhook_id: id } });
      await receiver.close();
      const nobody = await ask("POST", `/${id}/test`, {});
      expect(nobody.status).toBe(200);
      expect(nobody.body).toMatchObject({ delivered: false, receiver_status: null, receiver_answer: null });
      expect(nobody.body.reason).toMatch(/^No connection to /);
      expect((await ask("GET", `/${id}`)).body).toMatchObject({ active: false, revision: 1 });
    } finally {
      await receiver.close();
    }
  });
});

describe("bad input is refused with the field's name:", () => {
  const url = (value: unknown) => [{ ...GIVEN, url: value }, "url"] as const;
  const types = (value: unknown) => [{ ...GIVEN, types: value }, "types"] as const;
  const cells = (value: unknown) => [{ ...GIVEN, cells: value }, "cells"] as const;
  const cases: (readonly [unknown, string])[] = [
    [{ types: ["*"] }, "url"],
    [{ url: GIVEN.url }, "types"],
    url(1),
    url(null),
    url(""),
    url("hooks.example.com"),
    url("ftp://hooks.example.com"),
    url("javascript:alert(1)"),
    url("https://user:secret@hooks.example.com"),
    url("https://hooks.example.com/#part"),
    url(`https://hooks.example.com/${"x".repeat(2048)}`),
    url(`https://hooks.example.com/${"ö".repeat(1000)}`),
    url("https://hooks.example.com:0"),
    url("https://10.0.0.5/hook"),
    url("https://169.254.169.254/latest"),
    url("https://[fd00::1]/hook"),
    url("https://0x7f.1:9001/hook"),
    types("*"),
    types([]),
    types(["*", "node_updated"]),
    types(["node_updated", "node_updated"]),
    types(["nope"]),
    types([1]),
    types(null),
    types(Array.from({ length: 30 }, () => "node_updated")),
    cells([]),
    cells("u0"),
    cells(["a"]),
    cells(["u0qj8z4kdx"]),
    cells([""]),
    cells(["u0", "u0"]),
    cells(Array.from({ length: 65 }, (_, at) => `u${at.toString(2).padStart(7, "0")}`)),
    [{ ...GIVEN, description: "" }, "description"],
    [{ ...GIVEN, description: "x".repeat(257) }, "description"],
    [{ ...GIVEN, description: "a\u0000b" }, "description"],
    [{ ...GIVEN, active: "yes" }, "active"],
    [{ ...GIVEN, active: null }, "active"],
  ];
  it.each(cases)("%.100j", async (given, field) => {
    const { status, headers, body } = await ask("POST", "", given);
    expect(status).toBe(422);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body.errors.map(({ path }: { path: string }) => path.split(".")[0])).toContain(field);
    expect((await ask("GET", "")).body).toEqual([]);
  });

  it("in changes too", async () => {
    const { id } = await make();
    for (const [given, field] of [
      ...cases.slice(4).filter(([value]) => (value as { types: unknown }).types !== undefined),
      [{ url: "https://10.0.0.5" }, "url"],
    ] as [object, string][]) {
      const { status, body } = await ask("PUT", `/${id}`, given);
      expect(status, JSON.stringify(given).slice(0, 100)).toBe(422);
      expect(body.errors.map(({ path }: { path: string }) => path.split(".")[0])).toContain(field);
    }
    for (const overlap_s of [-1, 86_401, 1.5, "1", null]) {
      const { status, body } = await ask("POST", `/${id}/rotate-secret`, { overlap_s });
      expect(status).toBe(422);
      expect(body.errors[0].path).toBe("overlap_s");
    }
    expect((await ask("GET", `/${id}`)).body.revision).toBe(1);
  });

  it.each(["limit=0", "limit=1001", "limit=x", "cursor=", "cursor=%00"])("?%s", async (query) => {
    expect((await ask("GET", `?${query}`)).status).toBe(400);
  });

  it.each(["{", "[]", "null", '"x"', '{"__proto__":{}}'])("the body %s", async (body) => {
    expect((await ask("POST", "", body)).status).toBe(400);
  });

  it("plain http, and loopback, where the supervisor is deployed", async () => {
    const deployed: TestWorld = { ...world, config: { ...world.config, ARX_ALLOW_LOOPBACK: false } };
    const there = await serve(deployed);
    try {
      for (const url of [
        "http://hooks.example.com",
        "http://127.0.0.1:9100/hook",
        "https://127.0.0.1:9100/hook",
        "https://localhost/hook",
      ]) {
        const { status, body } = await ask("POST", "", { ...GIVEN, url }, {}, there);
        expect(status, url).toBe(422);
        expect(body.errors[0].path).toBe("url");
      }
      expect((await ask("POST", "", GIVEN, {}, there)).status).toBe(201);
    } finally {
      await there.close();
    }
  });
});

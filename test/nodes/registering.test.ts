import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Unavailable } from "../../core/errors.ts";
import { Keys } from "../../core/keys/index.ts";
import { SHARED } from "../../core/limits/policy.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { IDEMPOTENCY, TABLES } from "../../core/tables.ts";
import type { HttpHandler } from "../../functions/http/chain.ts";
import { makeNodes } from "../../functions/http/nodes.ts";
import { httpEvent, type Sent } from "../http/event.ts";
import {
  adminCtx,
  type Credentials,
  coldWorld,
  credentials,
  joinToken,
  openTestWorld,
  serviceKey,
  type TestWorld,
} from "../world/index.ts";
import { describeNode } from "./factory.ts";

let world: TestWorld;
let known: Credentials;
let handler: ReturnType<typeof makeNodes>;
const logged: string[] = [];
beforeAll(async () => {
  const keep = (...said: unknown[]) => void logged.push(JSON.stringify(said));
  world = await openTestWorld({ log: { info: keep, warn: keep, error: keep } });
  known = await credentials(world);
  handler = makeNodes(() => world);
});
afterAll(() => world.close());

const PUBLIC = "/api/v1/nodes/register";
const LAMBDA = { getRemainingTimeInMillis: () => 20_000 } as Context;

async function call(to: HttpHandler, sent: Sent) {
  const { statusCode, headers, body } = await to(httpEvent(sent), LAMBDA);
  return { status: statusCode, headers, body: JSON.parse(body ?? "{}") as Record<string, unknown> };
}

function post(credential: string | undefined, body: unknown, key?: string, path = PUBLIC, method = "POST") {
  const headers = {
    ...(credential ? { authorization: `Bearer ${credential}` } : {}),
    ...(key ? { "idempotency-key": key } : {}),
  };
  return call(handler, { method, path, headers, body: JSON.stringify(body) });
}

async function everything(tables = TABLES): Promise<string> {
  const scans = tables.map((spec) =>
    world.store.doc.send(new ScanCommand({ TableName: world.store.table(spec) })),
  );
  return JSON.stringify(await Promise.all(scans), (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
  );
}

describe("POST /api/v1/nodes/register", () => {
  it("is for a machine with a join token, a service with nodes:write, and an admin; for nobody else", async () => {
    const reader = await serviceKey(world, ["nodes:read", "route"]);
    for (const credential of [known.join, known.service, known.admin.token]) {
      expect((await post(credential, describeNode())).status).toBe(201);
    }
    for (const credential of [known.user.token, known.node, reader]) {
      expect((await post(credential, describeNode({ node_id: "kept-out" }))).status).toBe(403);
    }
    for (const credential of [undefined, "arx_join_nonsense", `${known.join}x`]) {
      expect((await post(credential, describeNode({ node_id: "kept-out" }))).status).toBe(401);
    }
    expect(await Nodes.find(world, "kept-out", { consistent: true })).toBeNull();
  });

  it("lets a join token do nothing else", async () => {
    const paths = ["/admin/api/v1/nodes", "/admin/api/v1/nodes/register"];
    for (const path of paths)
      expect((await post(known.join, describeNode(), undefined, path)).status).toBe(403);
    const there = await post(known.join, describeNode());
    const update = await post(
      known.join,
      { role: "x" },
      undefined,
      `/admin/api/v1/nodes/${String(there.body.id)}`,
      "PUT",
    );
    expect(update.status).toBe(403);
  });

  it("answers a spent token with 403, a machine that has joined with 409, credentials of a machine with 403", async () => {
    const token = await joinToken(world, 1);
    const said = describeNode({ hostname: "once.local" });
    expect((await post(token, { ...said, provider: "p", credentials: { a: "b" } })).status).toBe(403);
    expect((await post(token, said)).status).toBe(201);
    expect((await post(token, said)).status).toBe(409);
    expect((await post(token, describeNode())).status).toBe(403);
  });

  it("is limited, for each token by itself", async () => {
    const token = await joinToken(world, 1);
    const { limit } = SHARED.node_registration;
    const answers: Awaited<ReturnType<typeof post>>[] = [];
    while (answers.length < limit + 5)
      answers.push(...(await Promise.all(Array.from({ length: 5 }, () => post(token, {})))));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(limit);
    expect(refused[0]!.headers).toMatchObject({
      "retry-after": expect.stringMatching(/^\d+$/),
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": "0",
      "ratelimit-policy": `${limit};w=60`,
    });
    expect((await post(await joinToken(world, 1), describeNode())).status).toBe(201);
  });
});

describe("an answer that holds a secret, asked for again under its Idempotency-Key", () => {
  it.each([
    [PUBLIC, (body: Record<string, unknown>) => body.node_key],
    ["/admin/api/v1/nodes", (body: Record<string, unknown>) => body.node_key],
    ["/admin/api/v1/nodes/register", (body: Record<string, unknown>) => body.node_key],
  ])("%s: is the first answer, which is stored nowhere as it is", async (path, keyOf) => {
    const said = { ...describeNode(), provider: "p", credentials: { token: "canary-idempotent" } };
    const first = await post(known.admin.token, said, "first", path);
    expect(first.status).toBe(201);
    const again = await post(known.admin.token, said, "first", path);
    expect(again).toMatchObject({ status: 201, body: first.body });
    const key = keyOf(first.body) as string;
    expect(await Keys.authenticate(coldWorld(world), key)).toMatchObject({ kind: "node" });
    const [secret] = key.split("_").slice(-2);
    const text = (await everything()) + logged.join("");
    for (const canary of [key, secret!, "canary-idempotent"]) expect(text).not.toContain(canary);
    expect(await everything([IDEMPOTENCY])).toContain("sealed");
    expect((await post(known.admin.token, { ...said, name: "Another" }, "first", path)).status).toBe(409);
  });

  it("burns one use of a join token, and is told to no other caller", async () => {
    const { id, token } = await Keys.createJoinToken(adminCtx(world), { uses: 2 });
    const said = describeNode({ hostname: "lost-answer.local" });
    const first = await post(token, said, "joining");
    const again = await post(token, said, "joining");
    expect(again.body).toEqual(first.body);
    const left = (await Keys.listJoinTokens(adminCtx(world), { limit: 1000 })).items.find(
      (one) => one.id === id,
    );
    expect(left?.uses_left).toBe(1);
    const other = await post(await joinToken(world), { ...said, hostname: "other.local" }, "joining");
    expect(other.status).toBe(201);
    expect(other.body.node_key).not.toBe(first.body.node_key);
  });

  it("reaches its first caller though it can't be sealed, and is not made again", async () => {
    const seal = () => Promise.reject(new Unavailable("The key service is away."));
    const broken = makeNodes(() => ({ ...world, sealer: { ...world.sealer, seal } }));
    const sent = {
      path: PUBLIC,
      headers: { authorization: `Bearer ${known.admin.token}`, "idempotency-key": "unsealed" },
      body: JSON.stringify(describeNode({ node_id: "unsealed" })),
    };
    const first = await call(broken, sent);
    expect(first).toMatchObject({ status: 201, body: { id: "unsealed" } });
    expect(await Keys.authenticate(coldWorld(world), String(first.body.node_key))).toMatchObject({
      id: "unsealed",
    });
    expect((await call(handler, sent)).status).toBe(409);
    expect(await everything([IDEMPOTENCY])).not.toContain(String(first.body.node_key).split("_").at(-2)!);
  });
});

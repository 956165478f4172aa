import { randomBytes } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENDPOINTS, type EndpointId } from "../../contract/index.ts";
import type { World } from "../../core/ctx.ts";
import { SCOPE_NAMES } from "../../core/keys/index.ts";
import type { Store } from "../../core/store/index.ts";
import { TABLES } from "../../core/tables.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { getRing } from "../../core/tokens/items.ts";
import { contextOf } from "../../core/tokens/seal.ts";
import { Users } from "../../core/users/index.ts";
import { openCheckpoints } from "../../scripts/local/checkpoints.ts";
import { httpFunctions, type LocalFunctions } from "../../scripts/local/functions.ts";
import { type Closers, startTriggers } from "../../scripts/local/triggers.ts";
import {
  type Asking,
  type HttpEdge,
  httpEdgeOf,
  type Input,
  openHttpEdge,
  type Told,
} from "../access/edge.ts";
import { itemsOf } from "../access/stored.ts";
import { eventually } from "../local/child.ts";
import { describeNode } from "../nodes/factory.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { Canaries } from "./canaries.ts";
import { type Listener, listen, Recorder } from "./recorder.ts";
import { tracesOf } from "./traces.ts";

/** Secrets are driven through every path, then looked for in all that was said, stored and sent (reliability 11). */

const canaries = new Canaries();
const closers: Closers = [];
let recorder: Recorder;
let world: TestWorld;
let functions: LocalFunctions;
let edge: HttpEdge;
let receiver: Listener;
let peers: Listener;
let admin: string;
let user: string;

beforeAll(async () => {
  recorder = new Recorder();
  receiver = await listen("sent to a node or a webhook", recorder);
  peers = await listen("sent to a socket", recorder);
  world = await openTestWorld({ log: recorder.log, config: { ARX_REALTIME_ENDPOINT: peers.origin } });
  recorder.watch(world.store);
  const worldOf = (): World => ({ ...world, memory: new Map() });
  functions = await startTriggers(world.config, worldOf, openCheckpoints(), closers);
  edge = httpEdgeOf(httpFunctions(functions));
}, 60_000);
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await Promise.all([receiver.close(), peers.close(), world.close()]);
  recorder.stop();
  console.log(
    `secrets: ${canaries.count} of ${canaries.kinds.length} kinds (${canaries.kinds.join(", ")}), looked for in ${recorder.traces.length} texts`,
  );
});

const fresh = (word = "canary") => `${word}-${randomBytes(15).toString("base64url")}`;
/** A secret that somebody sends, and that no answer shows. */
const secret = (kind: string) => canaries.learn(kind, fresh(kind.replaceAll(/[^a-z]/g, "-")));

async function ask(id: EndpointId, input?: Input, asking?: Asking, through = edge): Promise<Told> {
  const told = await through.ask(id, input, asking);
  recorder.add(`answer ${told.status} of ${id}`, told.text);
  recorder.add(`headers of ${id}`, told.headers);
  return told;
}

/** Asks, and knows the secret that the answer gives. */
async function given(
  kind: string,
  field: string,
  id: EndpointId,
  input: Input,
  asking?: Asking,
): Promise<Told> {
  const told = await ask(id, input, asking);
  expect([id, told.status < 300, told.text]).toEqual([id, true, expect.any(String)]);
  canaries.learn(kind, told.body[field] as string, told.text);
  return told;
}

/** Under an Idempotency-Key, twice: both get it. */
async function givenTwice(...[kind, field, id, input, asking]: Parameters<typeof given>): Promise<Told> {
  const headers = { "idempotency-key": fresh("idempotency") };
  const first = await given(kind, field, id, input, { ...asking, headers });
  const again = await given(kind, field, id, input, { ...asking, headers });
  expect(again.body[field]).toBe(first.body[field]);
  return first;
}

async function tokens(id: "login" | "refresh", input: Input): Promise<{ access: string; refresh: string }> {
  const told = await given("access token", "access_token", id, input);
  canaries.learn("refresh token", told.body.refresh_token, told.text);
  return { access: told.body.access_token, refresh: told.body.refresh_token };
}

const credentials = () => ({
  oauthTokenEncrypted: secret("provider credential"),
  oauthProvider: "hetzner",
  nested: { deep: [secret("provider credential")] },
});
const node = (more: Input = {}): Input => ({
  ...describeNode({ endpoint: `${receiver.origin}/${fresh("n")}` }),
  provider: "hetzner",
  ...more,
});

describe("secrets are driven through", () => {
  const [first, second] = [fresh("password"), fresh("password")];
  const email = "ada@example.com";

  it("accounts and sessions", async () => {
    for (const one of [first, second]) canaries.learn("password", one);
    await Users.createAdmin(adminCtx(world), { email: "root@example.com", password: first });
    expect((await ask("registerUser", { email, password: first, full_name: "Ada" })).status).toBe(201);
    expect((await ask("registerUser", { email, password: secret("password") })).status).toBe(409);
    expect((await ask("registerUser", { email, password: secret("password"), role: "admin" })).status).toBe(
      403,
    );
    expect((await ask("registerUser", { email: secret("password"), password: first })).status).toBe(422);
    admin = (await tokens("login", { email: "root@example.com", password: first })).access;
    const session = await tokens("login", { email, password: first });
    const next = await tokens("refresh", { refresh_token: session.refresh });
    const retried = await tokens("refresh", { refresh_token: session.refresh });
    expect(retried.refresh).toBe(next.refresh);
    user = next.access;
    for (const address of [email, "nobody@example.com"]) {
      expect((await ask("login", { email: address, password: secret("password") })).status).toBe(401);
    }
    const change = { email: "ada@example.org", password: second };
    const wrong = { ...change, current_password: secret("password") };
    expect((await ask("updateProfile", wrong, { credential: user })).status).toBe(403);
    const right = { ...change, current_password: first };
    expect((await ask("updateProfile", right, { credential: user })).status).toBe(200);
    const other = await tokens("login", { email: "ada@example.org", password: second });
    expect((await ask("logout", { refresh_token: other.refresh })).status).toBe(204);
    expect((await ask("refresh", { refresh_token: other.refresh })).status).toBe(401);
    expect((await ask("getProfile", {}, { credential: other.access })).status).toBe(401);
  });

  it("keys, tickets and join tokens", async () => {
    const asAdmin = { credential: admin };
    const key = await givenTwice(
      "service key",
      "key",
      "createKey",
      { name: "k", scopes: [...SCOPE_NAMES] },
      asAdmin,
    );
    await ask("listNodesAsAdmin", {}, { credential: key.body.key });
    const join = await givenTwice("join token", "token", "createJoinToken", { uses: 9 }, asAdmin);
    const asMachine = { credential: join.body.token as string };
    const said = node({ node_id: "joined" });
    const joined = await givenTwice("node key", "node_key", "registerNode", said, asMachine);
    expect((await ask("registerNode", said, asMachine)).status).toBe(409);
    expect((await ask("registerNode", node({ credentials: credentials() }), asMachine)).status).toBe(403);
    const asNode = { credential: joined.body.node_key as string };
    await givenTwice("node key", "node_key", "rotateNodeKey", { id: "joined" }, asNode);
    expect((await ask("listNodeKeys", { id: "joined" }, asNode)).status).toBe(200);
    expect((await ask("getNode", { id: "another" }, asNode)).status).toBe(403);
    const ticket = await given("ticket", "ticket", "createTicket", {}, asAdmin);
    for (const text of [ticket.body.ticket as string, secret("ticket")]) {
      for (const connectionId of ["c-1", "c-2"]) {
        const requestContext = { routeKey: "$connect", connectionId, requestId: connectionId };
        const queryStringParameters = { channel: "admin", ticket: text };
        recorder.add(
          "socket",
          await functions.realtime({ requestContext, queryStringParameters } as never, {} as Context),
        );
      }
    }
    const requestContext = { routeKey: "$default", connectionId: "c-1", requestId: "m-1" };
    for (const body of [
      { action: "subscribe" },
      { action: secret("word") },
      { action: "subscribe", token: secret("word") },
    ]) {
      await functions.realtime({ requestContext, body: JSON.stringify(body) } as never, {} as Context);
    }
    await given("ticket", "ticket", "createTicket", {}, { credential: key.body.key });
    expect((await ask("deleteKey", { id: key.body.id }, asAdmin)).status).toBe(204);
    expect((await ask("deleteJoinToken", { id: join.body.id }, asAdmin)).status).toBe(204);
  });

  it("nodes and their providers' credentials", async () => {
    const asAdmin = { credential: admin };
    const made = await givenTwice(
      "node key",
      "node_key",
      "createNode",
      node({ credentials: credentials() }),
      asAdmin,
    );
    const id = made.body.id as string;
    const registered = await ask(
      "registerNodeAsAdmin",
      node({ auto_start: true, credentials: credentials() }),
      asAdmin,
    );
    canaries.learn("node key", registered.body.node_key, registered.text);
    const good = [
      { credentials: credentials() },
      { credentials: null },
      { provider: "p2", credentials: credentials() },
    ];
    for (const change of good) expect((await ask("updateNode", { id, ...change }, asAdmin)).status).toBe(200);
    const bad = [
      { credentials: secret("provider credential") },
      { credentials: [secret("provider credential")] },
      { credentials: { oauthTokenEncrypted: secret("provider credential"), oauth_token_encrypted: "x" } },
      { credentials: { a: secret("provider credential").padEnd(9000, "x") } },
      { credentials: { a: secret("provider credential") }, provider: null },
    ];
    for (const change of bad) expect((await ask("updateNode", { id, ...change }, asAdmin)).status).toBe(422);
    expect((await ask("updateNode", { id, provider: "p3" }, asAdmin)).status).toBe(409);
    for (const endpoint of [
      "activateNode",
      "checkNode",
      "getNodeStatus",
      "getNodeTransitions",
      "drainNode",
    ] as const) {
      expect((await ask(endpoint, { id }, asAdmin)).status).toBe(200);
    }
    const found = { endpoint: `${receiver.origin}/found`, name: "found", credentials: credentials() };
    await ask("discoverNode", found, asAdmin);
    expect((await ask("deleteNode", { id }, asAdmin)).status).toBe(204);
    const forwarded = { request_id: "r-1", coordinates: { lat: 47.37, lng: 8.54 }, payload: { a: 1 } };
    await ask("route", forwarded, { credential: user });
    await ask("route", forwarded, { credential: secret("access token") });
  });

  it("webhooks", async () => {
    const asAdmin = { credential: admin };
    const said = { url: `${receiver.origin}/hook`, types: ["*"] };
    const hook = await givenTwice("webhook secret", "secret", "createWebhook", said, asAdmin);
    const id = hook.body.id as string;
    await given("webhook secret", "secret", "rotateWebhookSecret", { id }, asAdmin);
    expect((await ask("testWebhook", { id }, asAdmin)).body.delivered).toBe(true);
    for (const endpoint of ["getWebhook", "listWebhooks"] as const) await ask(endpoint, { id }, asAdmin);
    const made = await ask(
      "registerNodeAsAdmin",
      node({ credentials: credentials(), auto_start: true }),
      asAdmin,
    );
    canaries.learn("node key", made.body.node_key, made.text);
    await ask("updateNode", { id: made.body.node.id, name: "n", credentials: credentials() }, asAdmin);
    await eventually(
      async () => receiver.heard.filter((one) => one.includes("webhook-signature")).length,
      (count) => count > 2,
    );
    await eventually(
      async () => peers.heard.length,
      (count) => count > 0,
    );
    expect((await ask("deleteWebhook", { id }, asAdmin)).status).toBe(204);
  });

  it("keys that sign", async () => {
    await Tokens.rotate(adminCtx(world), {});
    const ring = (await getRing(world.store))!;
    expect(ring.keys).toHaveLength(2);
    for (const { kid, sealed } of ring.keys) {
      const opened = Buffer.from(await world.sealer.open(sealed, contextOf(kid))).toString();
      canaries.learn("signing key", (JSON.parse(opened) as { d: string }).d);
    }
    expect((await ask("getSigningKeys")).status).toBe(200);
  });

  it("everything that can't be read, or is not valid", async () => {
    const takers = (Object.entries(ENDPOINTS) as [EndpointId, { method: string; path: string }][]).filter(
      ([, { method, path }]) => method !== "GET" && method !== "DELETE" && !path.includes("{"),
    );
    for (const [id] of takers) {
      const said = () => ({
        password: secret("password"),
        refresh_token: `arx_refresh_0199a5c0-0000-7000-8000-000000000000_${secret("refresh token").padEnd(64, "A").slice(0, 64)}`,
        credentials: { token: secret("provider credential") },
        secret: secret("webhook secret"),
      });
      await ask(id, said(), { credential: admin });
      await ask(id, {}, { credential: admin, rawBody: `{"password": "${secret("password")}` });
      await ask(id, {}, { credential: admin, rawBody: JSON.stringify([secret("password")]) });
      await ask(id, {}, { rawBody: secret("password"), headers: { "content-type": "text/plain" } });
    }
    const broken = (kind: string) =>
      `arx_${kind}_0199a5c0-0000-7000-8000-000000000000_${randomBytes(32).toString("hex").slice(0, 43)}_000000`;
    const authorizations = [
      ...["key", "node", "join", "other"].map(
        (kind) => `Bearer ${canaries.learn("key that is none", broken(kind))}`,
      ),
      `Bearer ${secret("access token")}`,
      `Basic ${secret("password")}`,
      `Bearer ${secret("access token")} ${secret("access token")}`,
      secret("access token"),
    ];
    for (const authorization of authorizations) {
      expect((await ask("getProfile", {}, { headers: { authorization } })).status).toBe(401);
      await ask("login", { email, password: secret("password") }, { headers: { authorization } });
    }
    const name = secret("word");
    for (const id of ["listAudit", "listRequests", "listKeys", "listSessions"] as const) {
      await ask(
        id,
        { access_token: secret("access token"), cursor: secret("refresh token") },
        { credential: admin },
      );
    }
    // Logging out was among it.
    admin = (await tokens("login", { email: "root@example.com", password: first })).access;
    await ask("getProfile", {}, { headers: { cookie: name, "x-api-key": secret("service key") } });
  });

  it.each([
    ["a store that refuses", "ValidationException", ["store"]],
    ["a store that is not there", "TimeoutError", ["store"]],
    ["a sealer that fails", "AccessDeniedException", ["sealer"]],
  ] as const)("%s", async (_, name, what) => {
    const broken = openHttpEdge({ ...world, memory: new Map(), ...failing(what[0], name) });
    const asAdmin = { credential: admin };
    const asked: [EndpointId, Input, Asking?][] = [
      ["login", { email: "ada@example.org", password: second }],
      ["registerUser", { email: "b@example.com", password: secret("password") }],
      ["refresh", { refresh_token: `arx_refresh_0199a5c0-0000-7000-8000-000000000000_${"A".repeat(64)}` }],
      [
        "createKey",
        { name: "k", scopes: ["route"] },
        { ...asAdmin, headers: { "idempotency-key": fresh() } },
      ],
      ["createJoinToken", {}, asAdmin],
      ["createTicket", {}, asAdmin],
      ["createNode", node({ credentials: credentials() }), asAdmin],
      ["createWebhook", { url: `${receiver.origin}/hook`, types: ["*"] }, asAdmin],
      ["updateProfile", { password: secret("password"), current_password: second }, { credential: user }],
      ["rotateNodeKey", { id: "joined" }, asAdmin],
    ];
    const statuses: number[] = [];
    for (const [id, input, asking] of asked) {
      const told = await ask(id, input, asking, broken);
      statuses.push(told.status);
      for (const [field, kind] of Object.entries(GIVEN)) {
        if (told.status < 300 && told.body[field]) canaries.learn(kind, told.body[field], told.text);
      }
    }
    expect(statuses.some((status) => status >= 500)).toBe(true);
  });

  it("what admins read", async () => {
    for (const [id, { method, path }] of Object.entries(ENDPOINTS) as [
      EndpointId,
      { method: string; path: string },
    ][]) {
      if (method !== "GET" || path.includes("{") || id === "scanNetwork") continue;
      expect([id, (await ask(id, {}, { credential: admin })).status]).toEqual([id, 200]);
    }
    for (const format of ["json", "ndjson", "csv"]) {
      for (const id of ["exportAudit", "exportRequests"] as const) {
        expect((await ask(id, { format }, { credential: admin })).status).toBe(200);
      }
    }
    for (const spec of TABLES) {
      for (const item of await itemsOf(world, spec)) recorder.add(`table ${spec.name}`, item);
    }
  });
});

const GIVEN = {
  key: "service key",
  token: "join token",
  ticket: "ticket",
  node_key: "node key",
  secret: "webhook secret",
  access_token: "access token",
  refresh_token: "refresh token",
} as const;

/** A world whose writes, or seals, fail by this error. */
function failing(what: "store" | "sealer", name: string): Partial<World> {
  const fail = () => Promise.reject(Object.assign(new Error(`It failed: ${name}`), { name }));
  if (what === "sealer") return { sealer: { seal: fail, open: fail } };
  const { doc } = world.store;
  const send = (command: { constructor: { name: string } }) =>
    /Put|Update|Transact|Delete/.test(command.constructor.name) ? fail() : doc.send(command as never);
  return { store: { ...world.store, doc: Object.assign(Object.create(doc) as Store["doc"], { send }) } };
}

it("the search finds what is there: in the clear, encoded, packed", () => {
  const known = new Canaries();
  const value = known.learn("control", fresh());
  const hidden = [
    value,
    { a: [{ b: `x${value}y` }] },
    Buffer.from(`before ${value}`).toString("base64"),
    { sealed: Buffer.from(`xx${value}`) },
    { body: brotliCompressSync(Buffer.from(`{"a":"${value}"}`)) },
    { body: Buffer.concat([Buffer.of(7), brotliCompressSync(Buffer.from(value))]) },
    Buffer.from(value).toString("hex"),
  ];
  for (const one of hidden) {
    const found = tracesOf("control", one).flatMap((trace) => known.foundIn(trace));
    expect([one, found.length > 0]).toEqual([one, true]);
  }
  expect(tracesOf("control", { a: fresh() }).flatMap((trace) => known.foundIn(trace))).toEqual([]);
});

it("none is found in logs, answers, events, audit, tables, or what was sent", () => {
  for (const origin of [
    /^log error/,
    /^log info/,
    /^(stdout|stderr|console)/,
    /^answer 4/,
    /^answer 5/,
    /^store Put/,
    /^store Transact/,
    /^table audit/,
    /^table events .*entry/,
    /^table webhooks/,
    /^table idempotency/,
    /^sent to a node/,
    /^sent to a socket/,
  ]) {
    expect([origin, recorder.count(origin) > 0]).toEqual([origin, true]);
  }
  expect(recorder.traces.flatMap((trace) => canaries.foundIn(trace))).toEqual([]);
});

import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ENDPOINTS, type EndpointId, pathNames } from "../../contract/index.ts";
import { LIMITS } from "../../core/limits/items.ts";
import { Webhooks } from "../../core/webhooks/index.ts";
import { WEBHOOKS } from "../../core/webhooks/items.ts";
import { ASKED } from "../access/asked.ts";
import { type Asking, type HttpEdge, type Input, openHttpEdge, type Told } from "../access/edge.ts";
import { logIn, openStage, type Stage, sessionOf } from "../access/stage.ts";
import { itemsOf } from "../access/stored.ts";
import { adminCtx, openTestWorld, serviceKey, type TestWorld } from "../world/index.ts";
import { allowedBy, junk, type Sources } from "./arbitrary.ts";
import { components, type Described, type Field, operations } from "./operations.ts";

/** Requests made from the OpenAPI document: every answer is one that it tells of (reliability 17). */

const RUNS = Number(process.env.ARX_RUNS ?? 15);
/** Failures that are told of, by whom they may be: nodes and what qualifies, never the service itself. */
const DOCUMENTED_5XX: Readonly<Record<number, (told: Told) => boolean>> = {
  502: ({ body }) => typeof body?.detail === "string",
  503: ({ body }) => ["NO_NODES", "NO_MATCH", "ALL_FULL", "ALL_UNHEALTHY", "TOO_FAR"].includes(body?.code),
  504: ({ body }) => typeof body?.detail === "string",
};
/** Cases after which limits are forgotten, and webhooks deleted: both would refuse what comes later. */
const TIDY_EVERY = 8;

let world: TestWorld;
let stage: Stage;
let edge: HttpEdge;
let service: string;
const tried = new Map<EndpointId, number[]>();

beforeAll(async () => {
  world = await openTestWorld({ config: { ARX_SCAN_NETWORKS: ["127.0.0.1/32"], FORWARD_TIMEOUT_MS: 500 } });
  stage = await openStage(world);
  edge = openHttpEdge(world);
  service = await serviceKey(world);
  const { id } = stage.node;
  // Seen well once, it is routed to.
  await edge.ask("checkNode", { id }, { credential: stage.admin.token });
});
afterAll(async () => {
  await stage.close();
  await world.close();
});

/** How a valid request is changed. */
type Mutation =
  | { readonly kind: "set"; readonly field: Field; readonly value: unknown }
  | { readonly kind: "drop"; readonly field: Field };

interface Case {
  readonly who: "admin" | "service" | "user" | "node" | "machine" | "nobody";
  readonly mutations: readonly Mutation[];
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: string | undefined;
}

/** The first of every operation. */
const VALID: Case = { who: "admin", mutations: [], headers: {}, rawBody: undefined };

function casesOf({ fields, takes }: Described, sources: Sources): fc.Arbitrary<Case> {
  const set = (field: Field, value: fc.Arbitrary<unknown>): fc.Arbitrary<Mutation> =>
    value.map((drawn) => ({ kind: "set" as const, field, value: drawn }));
  const ofField = (field: Field): fc.Arbitrary<Mutation> =>
    fc.oneof(
      { weight: field.in === "path" ? 1 : 12, arbitrary: set(field, allowedBy(field.schema, sources)) },
      { weight: 2, arbitrary: set(field, junk) },
      { weight: field.required ? 1 : 3, arbitrary: fc.constant({ kind: "drop" as const, field }) },
    );
  const mutation = fields.length === 0 ? undefined : fc.constantFrom(...fields).chain(ofField);
  const headers = {
    "x-request-id": fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/), fc.string()),
    accept: fc.constantFrom(
      "*/*",
      "text/html",
      "application/geo+json",
      "application/json;q=0.1",
      "",
      "nonsense",
    ),
    ...(takes.ifMatch ? { "if-match": fc.constantFrom("*", '"1"', '"1"', 'W/"1"', '"2"', "1", "") } : {}),
    ...(takes.key ? { "idempotency-key": fc.oneof(fc.uuid(), fc.string({ maxLength: 500 })) } : {}),
  };
  return fc.record({
    who: fc.oneof(
      { weight: 14, arbitrary: fc.constant("admin" as const) },
      { weight: 2, arbitrary: fc.constant("service" as const) },
      { weight: 1, arbitrary: fc.constantFrom("user", "node", "machine", "nobody") },
    ),
    mutations: mutation
      ? fc.oneof(
          { weight: 2, arbitrary: fc.constant([]) },
          {
            weight: 3,
            arbitrary: fc.array(mutation, { minLength: 1, maxLength: Math.min(3, fields.length) }),
          },
        )
      : fc.constant([]),
    headers: fc.record(headers, { requiredKeys: [] }),
    rawBody: takes.body
      ? fc.oneof(
          { weight: 20, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.oneof(fc.json(), fc.string(), fc.constant('{"__proto__": {"a": 1}}')) },
        )
      : fc.constant(undefined),
  });
}

/** Something valid to begin with, about what is there. */
async function validInput(id: EndpointId): Promise<Input> {
  const asked = ASKED[id];
  if (id === "endSession") return { id: sessionOf((await logIn(world, stage.admin)).access_token) };
  const nodeId = asked.of === "node" ? await stage.makeNode(!asked.inactive) : stage.node.id;
  return asked.input(stage, nodeId);
}

async function credentialOf(id: EndpointId, who: Case["who"]): Promise<string | undefined> {
  // Whoever calls it is logged out by it.
  if (ASKED[id].logsOut && (who === "admin" || who === "user"))
    return (await logIn(world, stage[who])).access_token;
  const { admin, user, node, machine } = stage;
  const held = { admin: admin.token, user: user.token, service, node: node.key, machine, nobody: undefined };
  return held[who];
}

function mutated(id: EndpointId, valid: Input, mutations: readonly Mutation[]): Input {
  const inPath = new Set(pathNames(ENDPOINTS[id].path));
  const input: Record<string, unknown> = { ...valid };
  for (const one of mutations) {
    const { name } = one.field;
    if (one.kind === "set")
      input[name] = inPath.has(name) ? String(pathValue(one.value)).toWellFormed() : one.value;
    else if (!inPath.has(name)) delete input[name];
  }
  return input;
}

/** A path has no empty part, and no part that names the one above it. */
function pathValue(value: unknown): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" || text === "." || text === ".." ? "-" : text;
}

/** Headers are of bytes that HTTP carries; API Gateway takes white space off their ends. */
function carried(headers: Case["headers"]): Record<string, string> {
  const written = Object.entries(headers).map(([name, value]) => [
    name,
    value.replace(/[^\x20-\x7e]/g, "").trim(),
  ]);
  return Object.fromEntries(written) as Record<string, string>;
}

async function tidy(): Promise<void> {
  const limits = await itemsOf(world, LIMITS);
  const table = world.store.table(LIMITS);
  await Promise.all(
    limits.map(({ id }) => world.store.doc.send(new DeleteCommand({ TableName: table, Key: { id } }))),
  );
  if ((await itemsOf(world, WEBHOOKS)).length < 60) return;
  const ctx = adminCtx(world);
  for (const { id } of (await Webhooks.list(ctx, { limit: 50 })).items) await Webhooks.remove(ctx, { id });
}

it.each(operations.map((one) => [one.id, one] as const))(
  "%s answers as the document says",
  async (id, operation) => {
    const urls = [
      stage.origin,
      `${stage.origin}/fuzz`,
      "http://127.0.0.1:1",
      "http://169.254.169.254/latest/meta-data",
      "https://[::1]:1/x",
      "http://10.0.0.1:9001",
    ];
    const statuses: number[] = [];
    tried.set(id, statuses);
    await fc.assert(
      fc.asyncProperty(casesOf(operation, { components, urls }), async (one) => {
        if (statuses.length % TIDY_EVERY === 0) await tidy();
        const input = mutated(id, await validInput(id), one.mutations);
        const asking: Asking = {
          credential: await credentialOf(id, one.who),
          headers: carried(one.headers),
          ...(one.rawBody === undefined ? {} : { rawBody: one.rawBody }),
        };
        const told = await edge.ask(id, input, asking);
        statuses.push(told.status);
        const reason = DOCUMENTED_5XX[told.status];
        const fault =
          told.status >= 500 && !reason?.(told) ? "A 5xx without a reason" : operation.misfit(told);
        if (fault)
          throw new Error(
            `${fault}\n${told.status} ${told.text.slice(0, 1000)}\nto ${JSON.stringify(input)}`,
          );
      }),
      { numRuns: RUNS, examples: [[VALID]] },
    );
  },
  60_000 + RUNS * 500,
);

it("a good part of it succeeds, of every operation something", () => {
  const all = [...tried.values()].flat();
  const share = (statuses: readonly number[]) =>
    Math.round((100 * statuses.filter((status) => status < 300).length) / statuses.length);
  const counts = new Map<number, number>();
  for (const status of all) counts.set(status, (counts.get(status) ?? 0) + 1);
  const told = [...counts].toSorted(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
  const least = [...tried].toSorted(([, a], [, b]) => share(a) - share(b)).slice(0, 6);
  console.log(
    `fuzz: ${all.length} requests to ${tried.size} operations, ${share(all)} % of them 2xx (${told.join(", ")}); least: ${least.map(([id, one]) => `${id} ${share(one)} %`).join(", ")}`,
  );
  expect(tried.size).toBe(Object.keys(ENDPOINTS).length);
  expect(share(all)).toBeGreaterThanOrEqual(30);
  for (const [id, statuses] of tried) expect([id, share(statuses) > 0]).toEqual([id, true]);
});

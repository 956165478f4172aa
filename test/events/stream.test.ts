import { setTimeout as sleep } from "node:timers/promises";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { CELLS } from "../../core/cells/items.ts";
import type { Ctx } from "../../core/ctx.ts";
import { Unavailable } from "../../core/errors.ts";
import { Events, type EventType, type LogEntry } from "../../core/events/index.ts";
import { EVENTS } from "../../core/events/items.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { NODES } from "../../core/nodes/items.ts";
import { recordRequest } from "../../core/requests/index.ts";
import { REQUESTS } from "../../core/requests/items.ts";
import { itemOfRequest } from "../../core/requests/stored.ts";
import { Routing } from "../../core/routing/index.ts";
import { makeCellEvents } from "../../functions/streams/cell-events.ts";
import { makeNodeEvents } from "../../functions/streams/node-events.ts";
import { makeRequestEvents } from "../../functions/streams/request-events.ts";
import type { StreamHandler } from "../../scripts/local/streams.ts";
import { makeNode } from "../nodes/factory.ts";
import { describeRequest } from "../requests/factory.ts";
import { anyRequest, chance } from "../rollups/requests.ts";
import { allUnits, type Edges, registerEdges, startEdges, sweepFleet } from "../watching/edges.ts";
import { adminCtx, coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Fault, faulty } from "./faults.ts";
import { openTriggers, sabotaged, type Triggers } from "./triggers.ts";
import { allAfter, expectOneSequence } from "./whole-log.ts";

vi.setConfig({ testTimeout: 600_000 });

/** Requests that go through the stream. */
const RUNS = Number(process.env.ARX_RUNS ?? 200);

let world: TestWorld;
let ctx: Ctx;
let edges: Edges;
let triggers: Triggers;
beforeAll(async () => {
  edges = await startEdges(6);
});
afterAll(() => edges.close());
// A world for each test: a trigger reads a stream from its first record on.
beforeEach(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
  triggers = openTriggers(world);
});
afterEach(async () => {
  await triggers.closeAll();
  await world.close();
});

const factsOf = (entries: readonly LogEntry[]) => entries.flatMap(({ facts }) => facts);
const nodeOf = ({ data }: { data: Readonly<Record<string, unknown>> }) => String(data.node_id ?? data.id);

async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    await sleep(50);
  }
}

test(`E1–E6: what is done to nodes, ${RUNS} requests and the sweeps of cells, through the real streams, with kills, faults and restarts: each change has its events, and no event is without one`, async () => {
  const random = chance(4);
  const told = { kills: 0, repeats: 0, faults: 0, restarts: 0 };
  const faultOf = (): Fault | undefined => {
    const fault = (["unsent", "unanswered", "resent"] as const)[Math.floor(random() * 12)];
    if (fault) told.faults++;
    return fault;
  };
  const consumers = () => {
    // Each in a process of its own.
    const given = () => faulty(coldWorld(world), faultOf);
    const of = [
      [NODES, makeNodeEvents(given)],
      [CELLS, makeCellEvents(given)],
      [REQUESTS, makeRequestEvents(given)],
    ] as const;
    return Promise.all(
      of.map(([table, handler]) => triggers.start(table, sabotaged(handler, random, told) as StreamHandler)),
    );
  };
  let running = await consumers();
  const lagging = await consumers();
  const restart = async () => {
    await Promise.all(running.map((trigger) => trigger.close()));
    told.restarts++;
    running = await consumers();
  };

  const wanted = new Map<string, EventType[]>();
  const means = (id: string, ...types: EventType[]) => wanted.set(id, [...(wanted.get(id) ?? []), ...types]);
  const ids = ["n0", "n1", "n2", "n3"];
  let wave = Math.floor(world.now() / 1000);
  const place = { lat: 10, lng: 10 };

  await registerEdges(world, edges, 4);
  for (const id of ids) means(id, "node_registered");
  await Nodes.create(ctx, { node_id: "c", name: "c", location: place, endpoint: edges.endpoint(4) });
  means("c", "node_created");
  await Nodes.discoverNew(ctx, { node_id: "d", endpoint: edges.endpoint(5) });
  means("d", "node_discovered");
  await sweepFleet(world, wave);
  for (const id of ids) means(id, "node_health_updated");
  await restart();
  await Nodes.activate(ctx, { id: "c" });
  means("c", "node_activated");
  await sweepFleet(world, (wave += 30));
  means("c", "node_health_updated");

  // Routed for real, one of them to where nothing takes it; then as many as are asked for.
  await Routing.route(ctx, { request_id: "near", coordinates: place });
  await Routing.route(ctx, { request_id: "forwarded", coordinates: place, payload: { a: 1 } });
  await expect(
    Routing.route(ctx, { request_id: "nowhere", coordinates: place, require: { role: "none" } }),
  ).rejects.toBeInstanceOf(Unavailable);
  const requests = Array.from({ length: RUNS }, () =>
    anyRequest(random, { since: world.now() - 1000, until: world.now() }),
  );
  const recording = Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (const [n, request] of requests.entries()) if (n % 4 === lane) await recordRequest(world, request);
    }),
  );

  await Nodes.update(ctx, { id: "n0", name: "Renamed" });
  means("n0", "node_updated");
  await Nodes.update(ctx, { id: "n0", name: "Renamed" });
  await Nodes.update(ctx, { id: "n1", status: "draining", deadline_s: 3600, role: "edge" });
  means("n1", "node_updated", "node_draining");
  await Nodes.drain(ctx, { id: "n2", deadline_s: 3600 });
  means("n2", "node_draining");
  await Nodes.disable(ctx, { id: "n3" });
  await Nodes.activate(ctx, { id: "n3" });
  means("n3", "node_deactivated", "node_activated");
  await Nodes.deactivate(ctx, { id: "c" });
  means("c", "node_deactivated");
  await Nodes.activate(ctx, { id: "d" });
  means("d", "node_activated");
  await restart();
  await Nodes.remove(ctx, { id: "n0" });
  await Nodes.register(ctx, { node_id: "n0", name: "Again", location: place, endpoint: edges.endpoint(0) });
  means("n0", "node_deleted", "node_registered");
  await sweepFleet(world, (wave += 30));
  for (const id of ["n0", "n3", "d"]) means(id, "node_health_updated");
  await Nodes.settleDrain(ctx, { id: "n2", evidence: "It is empty." });
  means("n2", "node_deactivated");
  await recording;
  const cells = (await allUnits(world)).flatMap((unit) => unit.cells);
  await restart();

  const { Items = [] } = await world.store.doc.send(
    new ScanCommand({ TableName: world.store.table(REQUESTS) }),
  );
  expect(Items).toHaveLength(RUNS + 3);
  const isForwarded = (status: unknown) => status === "completed" || status === "failed";
  const ended = Items.filter(({ status }) => isForwarded(status));
  const count = [...wanted.values()].flat().length + Items.length + ended.length;
  await until(
    () => allAfter(world, 0),
    (entries) =>
      factsOf(entries).length >= count &&
      cells.every((cell) => entries.some(({ swept }) => swept.includes(cell))),
  );
  // The last ones read all of it once more before they are looked at.
  await restart();
  const probe = await makeNode(ctx, { node_id: "probe", auto_start: false });
  means(probe, "node_registered");
  await until(
    () => allAfter(world, 0),
    (entries) => factsOf(entries).some((fact) => nodeOf(fact) === probe),
  );
  await Promise.all([...running, ...lagging].map((trigger) => trigger.close()));

  const entries = await allAfter(world, 0);
  const facts = factsOf(entries);
  expectOneSequence(entries);
  const isOfRequest = (type: EventType) => type === "route_request" || type === "request_completed";
  const ofNodes = facts.filter(({ type }) => !isOfRequest(type));
  const byNode = [...Map.groupBy(ofNodes, nodeOf)].map(
    ([id, of]) => [id, of.map(({ type }) => type)] as const,
  );
  expect(Object.fromEntries(byNode)).toEqual(Object.fromEntries(wanted));
  const routed = facts.filter(({ type }) => type === "route_request").map(({ data }) => data.id);
  expect(new Set(routed)).toEqual(new Set(Items.map(({ id }) => id as string)));
  expect(routed).toHaveLength(Items.length);
  const completed = facts.filter(({ type }) => type === "request_completed").map(({ data }) => data.id);
  expect(new Set(completed)).toEqual(new Set(ended.map(({ id }) => id as string)));
  expect(completed).toHaveLength(ended.length);
  // What is swept is a cell that an observation was written of, though it may have been split since.
  const swept = new Set(entries.flatMap((entry) => entry.swept));
  for (const cell of cells) expect(swept).toContain(cell);
  for (const cell of swept) expect(cell).toMatch(/^[gn][01]*$/);
  for (const count of Object.values(told)) expect(count).toBeGreaterThan(0);
  expect([...running, ...lagging].flatMap(({ dead }) => dead)).toEqual([]);
  console.log(`${facts.length} facts, ${entries.length} entries: ${JSON.stringify(told)}`);
});

test("E2: a record that can't be read is given up with its content, after its tries; the others of its batch are there once", async () => {
  for (const node of ["a", "b"]) await makeNode(ctx, { node_id: node });
  const broken = { id: "broken", item: "node", capabilities: "{", metadata: "{}", note: "as it was" };
  await world.store.doc.send(new PutCommand({ TableName: world.store.table(NODES), Item: broken }));
  for (const node of ["c", "d"]) await makeNode(ctx, { node_id: node });
  const consume = makeNodeEvents(() => world);
  const answers: { records: number; failures: unknown[] }[] = [];
  const handler: typeof consume = async (event) => {
    const answer = await consume(event);
    answers.push({ records: event.Records.length, failures: answer.batchItemFailures });
    return answer;
  };
  const trigger = await triggers.start(NODES, handler, 3);
  await until(
    async () => trigger.dead,
    (dead) => dead.length > 0,
  );
  const entries = await until(
    () => allAfter(world, 0),
    (found) => factsOf(found).length >= 4,
  );
  expect(factsOf(entries).map((fact) => [fact.type, nodeOf(fact)])).toEqual(
    ["a", "b", "c", "d"].map((id) => ["node_registered", id]),
  );
  expect(
    trigger.dead.map(({ dynamodb }) => unmarshall(dynamodb!.NewImage as Record<string, AttributeValue>)),
  ).toEqual([broken]);
  // All others went into the log with the first answer.
  expect(entries).toHaveLength(1);
  const sequence = trigger.dead[0]!.dynamodb!.SequenceNumber;
  expect(answers[0]!.failures).toEqual([{ itemIdentifier: sequence }]);
  expect(answers.filter(({ records, failures }) => records === 1 && failures.length === 1)).toHaveLength(4);
});

test("of several that can't be read the first is named, so that each gets its tries", async () => {
  const image = (item: Record<string, unknown>) => item as Record<string, { S: string }>;
  const good = (id: string) => {
    const fields = {
      id: { S: id },
      hour_shard: { S: "x" },
      status: { S: "routed" },
      created_at: { S: "2026-01-01T00:00:00.000Z" },
    };
    return image(fields);
  };
  const record = (
    SequenceNumber: string,
    NewImage?: Record<string, { S: string }>,
    OldImage?: Record<string, { S: string }>,
  ) => ({
    dynamodb: { SequenceNumber, ...(NewImage ? { NewImage } : {}), ...(OldImage ? { OldImage } : {}) },
  });
  const consume = makeRequestEvents(() => world);
  const bad = { ...good("bad"), metadata: { S: "{" } };
  const Records = [record("10", good("a")), record("11", bad), record("12", good("b")), record("13", bad)];
  const answer = { state: {}, batchItemFailures: [{ itemIdentifier: "11" }] };
  expect(await consume({ shardId: "s", Records })).toEqual(answer);
  expect(await consume({ shardId: "s", Records: Records.slice(1) })).toEqual(answer);
  const rest = [record("14", good("c"), good("c")), record("15", undefined, good("c"))];
  const none = { state: {}, batchItemFailures: [] };
  expect(await consume({ shardId: "s", Records: rest })).toEqual(none);
  expect(await consume({ shardId: "s", Records: [] })).toEqual(none);
  expect(await consume({ Records: [] })).toEqual(none);
  await expect(consume({ Records })).rejects.toThrow(/tumbling window/);
  expect(factsOf(await allAfter(world, 0)).map(({ data }) => data.id)).toEqual(["a", "b"]);
});

test("E1: the log's own stream tells of its entries in their order, as they are read", async () => {
  const seen: LogEntry[] = [];
  let others = 0;
  await triggers.start(EVENTS, (async ({ Records }) => {
    for (const { dynamodb } of Records) {
      const entry = Events.entryOfImage(unmarshall(dynamodb!.NewImage as Record<string, AttributeValue>));
      if (entry) seen.push(entry);
      else others++;
    }
  }) satisfies StreamHandler);
  const writers = [world, coldWorld(world), coldWorld(world)];
  for (let n = 0n; n < 30n; n++) {
    const facts = Events.requestEvents(itemOfRequest(describeRequest(), 0));
    const source = { table: "requests", shard: `s${n % 3n}` };
    await Events.append(writers[Number(n % 3n)]!, source, [
      { sequence: n, facts, swept: n % 5n === 0n ? "g01" : undefined },
    ]);
  }
  await until(
    async () => seen,
    (found) => found.length >= 30,
  );
  expect(seen).toEqual(await allAfter(world, 0));
  // Where the log began is in the same table.
  expect(others).toBe(1);
});

test("E5, E7: what comes from tables by other ways than their verbs is no event: ledgers, directories, rosters, ends of time", async () => {
  const node = await makeNode(ctx, { node_id: "only", auto_start: false });
  const TableName = world.store.table(NODES);
  await world.store.doc.send(new PutCommand({ TableName, Item: { id: node, item: "t#by-hand", at: 1 } }));
  await makeNode(ctx, { node_id: "active" });
  for (const [table, make] of [
    [NODES, makeNodeEvents],
    [CELLS, makeCellEvents],
  ] as const) {
    await triggers.start(
      table,
      make(() => world),
    );
  }
  await until(
    () => allAfter(world, 0),
    (found) => factsOf(found).length >= 2,
  );
  await makeNode(ctx, { node_id: "last", auto_start: false });
  const entries = await until(
    () => allAfter(world, 0),
    (found) => factsOf(found).some((fact) => nodeOf(fact) === "last"),
  );
  expect(factsOf(entries).map(nodeOf)).toEqual(["only", "active", "last"]);
  expect(entries.flatMap(({ swept }) => swept)).toEqual([]);
});

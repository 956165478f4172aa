import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cells } from "../../core/cells/index.ts";
import { type Ctx, systemCtx, type World } from "../../core/ctx.ts";
import { iso } from "../../core/id.ts";
import { Metrics } from "../../core/metrics/index.ts";
import { type NodeRecord, Nodes } from "../../core/nodes/index.ts";
import { itemOfNode } from "../../core/nodes/items.ts";
import type { SweepOrder } from "../../core/watching/index.ts";
import { Watching } from "../../core/watching/index.ts";
import { makeNodesStream } from "../../functions/streams/nodes.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { type Edges, observed, startEdges } from "./edges.ts";

let world: TestWorld;
let ctx: Ctx;
let edges: Edges;
const sent: SweepOrder[] = [];
const queue = { send: async (orders: readonly SweepOrder[]) => void sent.push(...orders) };

beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
  edges = await startEdges(5);
});
afterAll(async () => {
  await edges.close();
  await world.close();
});

let sequence = 1000;

/** A record of the table's stream, as Lambda gets it. */
function recordOf(id: string, before: NodeRecord | null, after: NodeRecord | null): DynamoDBRecord {
  const image = (record: NodeRecord | null) =>
    record && marshall(itemOfNode(record), { removeUndefinedValues: true });
  return {
    eventName: before ? (after ? "MODIFY" : "REMOVE") : "INSERT",
    dynamodb: {
      Keys: { id: { S: id }, item: { S: "node" } },
      SequenceNumber: String(sequence++),
      ...(before ? { OldImage: image(before) } : {}),
      ...(after ? { NewImage: image(after) } : {}),
    },
  } as DynamoDBRecord;
}

async function register(i: number, id: string): Promise<NodeRecord> {
  const location = { lat: 10 * i, lng: 20 };
  await Nodes.register(ctx, { node_id: id, name: id, location, endpoint: edges.endpoint(i) });
  return (await Nodes.find(world, id, { consistent: true }))!;
}

async function memberIds(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { cells } of Cells.units(world)) {
    for (const { members } of await Cells.read(world, cells)) ids.push(...members.map(({ id }) => id));
  }
  return ids.sort();
}

const handle = makeNodesStream(
  () => world,
  () => queue,
);
const tell = (...Records: DynamoDBRecord[]): ReturnType<typeof handle> => handle({ Records });

test("a registered node is ordered to be seen at once, and one sweep of that order sees it", async () => {
  const record = await register(1, "fresh");
  expect(await tell(recordOf("fresh", null, record))).toEqual({ batchItemFailures: [] });
  expect(sent.map(({ only }) => only)).toEqual([["fresh"]]);
  await Watching.sweep(world, sent.pop()!);
  expect((await observed(world)).get("fresh")).toMatchObject({ health: "healthy" });
});

test("a flip of its health concerns neither the cells nor the queue", async () => {
  const before = (await Nodes.find(world, "fresh", { consistent: true }))!;
  const after: NodeRecord = { ...before, health: "degraded", revision: before.revision + 1 };
  await tell(recordOf("fresh", before, after));
  expect(sent).toEqual([]);
});

test("cells that missed what happened are brought in line, whatever order and however often it is told", async () => {
  const here = await register(2, "mover");
  const gone = await register(3, "goner");
  await Nodes.update(ctx, { id: "mover", location: { lat: -33, lng: 151 } });
  const there = (await Nodes.find(world, "mover", { consistent: true }))!;
  await Nodes.remove(ctx, { id: "goner" });
  // What the verbs had told the cells is undone: as if each had crashed in between.
  const missed = async (ids: readonly string[]) => new Map(ids.map((id) => [id, null]));
  for (const record of [here, there, gone]) {
    await Cells.reflect(world, [{ id: record.id, places: [{ lat: record.lat, lng: record.lng }] }], missed);
  }
  expect(await memberIds()).toEqual(["fresh"]);

  const records = [
    recordOf("mover", null, here),
    recordOf("goner", null, gone),
    recordOf("mover", here, there),
    recordOf("goner", gone, null),
  ];
  for (const order of [records, records.toReversed(), [...records, ...records]]) {
    expect(await tell(...order)).toEqual({ batchItemFailures: [] });
    expect(await memberIds()).toEqual(["fresh", "mover"]);
  }
  sent.length = 0;
});

test("where a node was before it moved is kept with its history", async () => {
  const at = world.now();
  const cell = Cells.keyOf({ id: "mover", lat: 20, lng: 20 }).slice(0, 8);
  const load = { cpu_usage: 7, memory_usage: undefined, active_connections: 1 };
  await Metrics.record(world, cell, at - 1000, [["mover", load]]);
  const { points } = await Metrics.ofNode(ctx, { edge_id: "mover", until: iso(at + 60_000) });
  expect(points.map(({ cpu_usage }) => cpu_usage)).toEqual([7]);
});

test("a record that fails is given back by its sequence number; other nodes of the batch are followed up", async () => {
  const first = await register(1, "first");
  const last = await register(2, "last");
  await register(4, "poison");
  const poison = recordOf("poison", null, await Nodes.find(world, "poison", { consistent: true }));
  poison.dynamodb!.NewImage!.metadata = { S: "{no JSON" };
  const records = [recordOf("first", null, first), poison, recordOf("last", null, last)];
  expect(await tell(...records)).toEqual({
    batchItemFailures: [{ itemIdentifier: records[1]!.dynamodb!.SequenceNumber }],
  });
  expect(sent.flatMap(({ only }) => only ?? []).sort()).toEqual(["first", "last"]);
});

test("rows of a ledger and other items of the table are passed by", async () => {
  const row = { Keys: { id: { S: "first" }, item: { S: "t#1" } }, SequenceNumber: "1" };
  const NewImage = marshall({ id: "first", item: "t#1", to: "active" });
  const ledger = { eventName: "INSERT", dynamodb: { ...row, NewImage } } as DynamoDBRecord;
  expect(await tell(ledger)).toEqual({ batchItemFailures: [] });
});

test("a store that can't be reached gives the whole batch back from its first record on", async () => {
  const broken = { send: () => Promise.reject(new Error("The store is on fire.")) };
  const burning = { ...world, store: { ...world.store, doc: broken } } as unknown as World;
  const record = (await Nodes.find(world, "first", { consistent: true }))!;
  const handleBurning = makeNodesStream(
    () => systemCtx(burning, "test", "test"),
    () => queue,
  );
  const records = [recordOf("first", null, record), recordOf("last", null, { ...record, id: "last" })];
  expect(await handleBurning({ Records: records })).toEqual({
    batchItemFailures: [{ itemIdentifier: records[0]!.dynamodb!.SequenceNumber }],
  });
});

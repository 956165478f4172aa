import { setTimeout as sleep } from "node:timers/promises";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, expect, test } from "vitest";
import type { Log } from "../../core/ctx.ts";
import { openCheckpoints } from "./checkpoints.ts";
import { type StreamHandler, startTrigger, type Trigger } from "./streams.ts";

// Shards split and end after hours only, and DynamoDB Local can't be told to: here they are played.
const silent: Log = { info() {}, warn() {}, error() {} };
const tables = mockClient(DynamoDBClient);
const streams = mockClient(DynamoDBStreamsClient);

interface PlayedShard {
  readonly parent?: string;
  readonly records: readonly string[];
  readonly open?: boolean;
}

const triggers: Trigger[] = [];
afterEach(async () => {
  for (const trigger of triggers.splice(0)) await trigger.close();
  tables.reset();
  streams.reset();
});

/** Plays a stream. An iterator is `shard:position`, a sequence number `shard-position`. */
function play(shards: Record<string, PlayedShard>, onRead: (iterator: string) => void = () => {}): void {
  tables.on(DescribeTableCommand).resolves({ Table: { LatestStreamArn: "arn" } });
  streams.on(DescribeStreamCommand).callsFake(() => ({
    StreamDescription: {
      Shards: Object.entries(shards).map(([ShardId, { parent }]) => ({ ShardId, ParentShardId: parent })),
    },
  }));
  streams.on(GetShardIteratorCommand).callsFake(({ ShardId, SequenceNumber }) => ({
    ShardIterator: `${ShardId}:${SequenceNumber ? Number(SequenceNumber.split("-")[1]) + 1 : 0}`,
  }));
  streams.on(GetRecordsCommand).callsFake(({ ShardIterator }) => {
    onRead(ShardIterator);
    const [shard, from] = ShardIterator.split(":");
    const { records, open } = shards[shard]!;
    const rest = records.slice(Number(from)).map((id, at) => ({
      eventID: id,
      eventName: "INSERT",
      dynamodb: {
        Keys: { id: { S: id } },
        SequenceNumber: `${shard}-${Number(from) + at}`,
        StreamViewType: "NEW_IMAGE",
      },
    }));
    return { Records: rest, ...(open ? { NextShardIterator: `${shard}:${records.length}` } : {}) };
  });
}

async function start(handler: StreamHandler, checkpoints = openCheckpoints()): Promise<void> {
  const trigger = await startTrigger({
    name: "test",
    table: "t",
    handler,
    client: new DynamoDBClient({ region: "local" }),
    streams: new DynamoDBStreamsClient({ region: "local" }),
    checkpoints,
    log: silent,
    pollMs: 1,
    backoffMs: 1,
  });
  triggers.push(trigger);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(1);
}

const collect =
  (seen: string[]): StreamHandler =>
  async ({ Records }) =>
    void seen.push(...Records.map(({ eventID }) => eventID!));

test("children of a shard that was split are read after it has been handled to its end, and from their beginning", async () => {
  play({
    left: { parent: "root", records: ["l1", "l2"], open: true },
    right: { parent: "root", records: ["r1"], open: true },
    root: { parent: "trimmed", records: ["a", "b", "c"] },
  });
  const seen: string[] = [];
  let refusals = 2;
  await start(async (event, context) => {
    if (refusals-- > 0) throw new Error("not yet");
    return collect(seen)(event, context);
  });
  await until(() => seen.length === 6);
  expect(seen.slice(0, 3)).toEqual(["a", "b", "c"]);
  expect(seen.slice(3).toSorted()).toEqual(["l1", "l2", "r1"]);
});

test("a shard that is done is not read again after a restart, and one that is gone is forgotten", async () => {
  const checkpoints = openCheckpoints();
  checkpoints.set("test", "root", { sequence: "root-2", done: true });
  checkpoints.set("test", "gone", { sequence: "gone-9", done: true });
  checkpoints.set("test", "left", { sequence: "left-0" });
  play({
    root: { records: ["a", "b", "c"] },
    left: { parent: "root", records: ["l1", "l2"], open: true },
  });
  const seen: string[] = [];
  await start(collect(seen), checkpoints);
  await until(() => seen.length === 1);
  expect(seen).toEqual(["l2"]);
  expect(checkpoints.get("test", "gone")).toEqual({});
});

test("an iterator that expired is taken anew from the last record handled", async () => {
  const records = ["a", "b"];
  play({ root: { records, open: true } }, (iterator) => {
    if (iterator !== "root:2" || records.length === 3) return;
    records.push("late");
    throw Object.assign(new Error("expired"), { name: "ExpiredIteratorException" });
  });
  const seen: string[] = [];
  await start(collect(seen));
  await until(() => seen.length === 3);
  expect(seen).toEqual(["a", "b", "late"]);
  expect(
    streams.commandCalls(GetShardIteratorCommand).map(({ args }) => args[0].input.SequenceNumber),
  ).toEqual([undefined, "root-1"]);
});

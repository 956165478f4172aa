import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { Log } from "../../core/ctx.ts";
import { type Checkpoints, openCheckpoints } from "../../scripts/local/checkpoints.ts";
import {
  openStreamsClient,
  type StreamHandler,
  startTrigger,
  type Trigger,
} from "../../scripts/local/streams.ts";
import { createTable } from "../../scripts/local/tables.ts";

const silent: Log = { info() {}, warn() {}, error() {} };
let client: DynamoDBClient;
let streams: DynamoDBStreamsClient;
let doc: DynamoDBDocumentClient;
let table: string;
const triggers: Trigger[] = [];

beforeAll(() => {
  const endpoint = inject("dynamodbEndpoint");
  client = new DynamoDBClient({
    endpoint,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  doc = DynamoDBDocumentClient.from(client);
  streams = openStreamsClient(endpoint);
});
beforeEach(async () => {
  table = `stream-${randomBytes(6).toString("hex")}`;
  await createTable(client, { name: "s", partitionKey: "id", stream: true }, table);
});
afterEach(async () => {
  for (const trigger of triggers.splice(0)) await trigger.close();
});
afterAll(() => {
  client.destroy();
  streams.destroy();
});

async function start(handler: StreamHandler, checkpoints: Checkpoints = openCheckpoints()): Promise<Trigger> {
  const trigger = await startTrigger({
    name: "test",
    table,
    handler,
    client,
    streams,
    checkpoints,
    log: silent,
    pollMs: 10,
    backoffMs: 1,
  });
  triggers.push(trigger);
  return trigger;
}

const put = (id: string, n: number) => doc.send(new PutCommand({ TableName: table, Item: { id, n } }));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

const idOf = (record: DynamoDBRecord) => record.dynamodb!.Keys!.id!.S!;
const numberOf = (record: DynamoDBRecord) => Number(record.dynamodb!.NewImage!.n!.N);

test("changes come as Lambda hands them over, those from before the trigger too", async () => {
  const bytes = Uint8Array.from([0, 255, 7]);
  await doc.send(
    new PutCommand({ TableName: table, Item: { id: "a", raw: bytes, deep: { list: [bytes] } } }),
  );
  const records: DynamoDBRecord[] = [];
  await start(async ({ Records }) => void records.push(...Records));
  await until(() => records.length === 1);
  await put("a", 2);
  await doc.send(new DeleteCommand({ TableName: table, Key: { id: "a" } }));
  await until(() => records.length === 3);
  expect(records.map(({ eventName }) => eventName)).toEqual(["INSERT", "MODIFY", "REMOVE"]);
  expect(records[0]).toMatchObject({
    eventSource: "aws:dynamodb",
    dynamodb: {
      Keys: { id: { S: "a" } },
      NewImage: { raw: { B: "AP8H" }, deep: { M: { list: { L: [{ B: "AP8H" }] } } } },
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  });
  expect(records[1]!.dynamodb).toMatchObject({
    OldImage: { raw: { B: "AP8H" } },
    NewImage: { n: { N: "2" } },
  });
  expect(records[2]!.dynamodb!.NewImage).toBeUndefined();
  expect(records[0]!.dynamodb!.ApproximateCreationDateTime).toBeGreaterThan(1_600_000_000);
});

test("every change comes, those of a key in order, while a third of all batches fails", async () => {
  const seen = new Map<string, number[]>();
  let calls = 0;
  const trigger = await start(async ({ Records }) => {
    calls++;
    if (calls % 3 === 0) throw new Error("broken");
    for (const record of Records)
      seen.set(idOf(record), [...(seen.get(idOf(record)) ?? []), numberOf(record)]);
  });
  for (let n = 0; n < 20; n++) await Promise.all(["a", "b", "c"].map((id) => put(id, n)));
  const order = Array.from({ length: 20 }, (_, n) => n);
  await until(() => [...seen.values()].flat().length >= 60);
  for (const id of ["a", "b", "c"]) expect([...new Set(seen.get(id))]).toEqual(order);
  expect(trigger.dead).toEqual([]);
});

test("a partial failure comes again from the failed record on, and what succeeded before does not", async () => {
  for (let n = 0; n < 6; n++) await put("a", n);
  const batches: number[][] = [];
  await start(async ({ Records }) => {
    batches.push(Records.map(numberOf));
    const failed = batches.length === 1 ? Records.slice(4) : [];
    return {
      batchItemFailures: failed.map((record) => ({ itemIdentifier: record.dynamodb!.SequenceNumber! })),
    };
  });
  await until(() => batches.flat().filter((n) => n === 5).length === 2);
  expect(batches[0]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(batches.slice(1).flat()).toEqual([4, 5]);
});

test("a poison record is given up with its content after its tries, and holds up no other", async () => {
  const seen: number[] = [];
  let tries = 0;
  const trigger = await start(async ({ Records }) => {
    for (const record of Records) {
      if (numberOf(record) === 3) {
        if (Records.length === 1) tries++;
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb!.SequenceNumber! }] };
      }
      seen.push(numberOf(record));
    }
    return { batchItemFailures: [] };
  });
  for (let n = 0; n < 8; n++) await put(`k${n}`, n);
  await until(() => seen.includes(7));
  expect(trigger.dead.map(numberOf)).toEqual([3]);
  expect(tries).toBe(4);
  expect(seen).toEqual([0, 1, 2, 4, 5, 6, 7]);
});

test("a restart goes on where the last run ended: what was handled does not come again, what was missed does", async () => {
  const directory = mkdtempSync(join(tmpdir(), "arx-test-"));
  try {
    const file = join(directory, "checkpoints.json");
    const first: number[] = [];
    const before = await start(
      async ({ Records }) => void first.push(...Records.map(numberOf)),
      openCheckpoints(file),
    );
    for (let n = 0; n < 3; n++) await put("a", n);
    await until(() => first.length === 3);
    await before.close();
    await put("a", 3);
    const second: number[] = [];
    await start(async ({ Records }) => void second.push(...Records.map(numberOf)), openCheckpoints(file));
    await put("a", 4);
    await until(() => second.includes(4));
    expect(second).toEqual([3, 4]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

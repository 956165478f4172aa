import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RoutingRequest } from "../../core/requests/index.ts";
import { REQUESTS } from "../../core/requests/items.ts";
import { DIMENSIONS } from "../../core/rollups/cube.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { makeRollups, type WindowedStreamEvent } from "../../functions/streams/rollups.ts";
import { openCheckpoints } from "../../scripts/local/checkpoints.ts";
import { openStreamsClient, startTrigger, type Trigger } from "../../scripts/local/streams.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";
import { expectExact } from "./compare.ts";
import { faulty } from "./faults.ts";
import { anyRequest, bruteForce, chance, storedItem } from "./requests.ts";

/** Requests that go through the stream; 100 000 proves the bar. */
const RUNS = Number(process.env.ARX_RUNS ?? 500);
const MINUTE = 60_000;

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

async function store(requests: readonly RoutingRequest[]): Promise<void> {
  const table = world.store.table(REQUESTS);
  for (let at = 0; at < requests.length; at += 25) {
    const puts = requests.slice(at, at + 25).map((one) => ({ PutRequest: { Item: storedItem(one) } }));
    const { UnprocessedItems } = await world.store.doc.send(
      new BatchWriteCommand({ RequestItems: { [table]: puts } }),
    );
    expect(Object.keys(UnprocessedItems ?? {})).toEqual([]);
  }
}

test(`R1–R6: ${RUNS} requests through the real stream, with duplicates, kills and restarts: every count exact`, async () => {
  const random = chance(42);
  const consume = makeRollups(() => faulty(world, random, 0.02));
  const streams = openStreamsClient(world.config.DYNAMODB_ENDPOINT!);
  const told = { batches: 0, records: 0, repeated: 0, kills: 0, restarts: 0 };
  const seen = new Set<string>();
  /** A consumer of its own: what it was last given comes again, cut differently and joined to what follows it in the shard. */
  const consumer = () => {
    const before = new Map<string, DynamoDBRecord[]>();
    return async (event: WindowedStreamEvent) => {
      const { Records, ...rest } = event;
      told.batches++;
      told.records += Records.length;
      const last = before.get(rest.shardId!) ?? [];
      if (random() < 0.2 && last.length > 0) {
        const from = Math.floor(random() * last.length);
        const again = [...last.slice(from), ...Records.slice(0, 1 + Math.floor(random() * Records.length))];
        told.repeated += again.length;
        await consume({ ...rest, Records: again });
      }
      const answer = await consume(event);
      // Killed after it was written: Lambda does not hear of it.
      if (random() < 0.1) {
        told.kills++;
        throw new Error("killed");
      }
      before.set(rest.shardId!, Records);
      for (const record of Records) seen.add(record.dynamodb!.Keys!.id!.S!);
      return answer;
    };
  };
  const start = (checkpoints = openCheckpoints()): Promise<Trigger> =>
    startTrigger({
      name: "request-rollups",
      table: world.store.table(REQUESTS),
      handler: consumer(),
      client: world.store.doc,
      streams,
      checkpoints,
      log: world.log,
      batchSize: 100 + Math.floor(random() * 900),
      retries: 50,
      backoffMs: 1,
      pollMs: 10,
      windowed: true,
    });

  const until = Date.now() - MINUTE;
  const range = { since: until - 40 * MINUTE, until };
  const requests = Array.from({ length: RUNS }, () => anyRequest(random, range));
  // As routers record them: by time, give or take.
  requests.sort((a, b) => a.created_at - b.created_at + (random() - 0.5) * MINUTE);
  const writing = (async () => {
    for (let at = 0; at < RUNS; at += Math.ceil(RUNS / 5))
      await store(requests.slice(at, at + Math.ceil(RUNS / 5)));
  })();
  let trigger = await start();
  const lagging = RUNS <= 5000 ? await start() : undefined;
  const began = Date.now();
  while (seen.size < RUNS || told.restarts < 3) {
    await new Promise((resolve) => setTimeout(resolve, RUNS <= 5000 ? 400 : 5000));
    if (told.restarts < 3) {
      told.restarts++;
      await trigger.close();
      // Without its checkpoints: everything comes again, from the first record on.
      trigger = await start();
    }
  }
  await writing;
  await trigger.close();
  await lagging?.close();
  streams.destroy();
  expect(trigger.dead).toEqual([]);
  const wanted = bruteForce(requests, world.config.MAX_DISTANCE);
  expectExact((await Rollups.read(world, range, DIMENSIONS)).cube, wanted);
  console.log(`${RUNS} requests in ${Math.round((Date.now() - began) / 1000)} s: ${JSON.stringify(told)}`);
}, 1_200_000);

test("R1, R2: without a shard a batch is refused; changed and removed items count for nothing", async () => {
  const consume = makeRollups(() => world);
  const now = Date.now();
  const [one] = [anyRequest(chance(1), { since: now - MINUTE, until: now })];
  const image = {
    id: { S: one.id },
    status: { S: "routed" },
    created_at: { S: new Date(now).toISOString() },
  };
  const record = (eventName: "INSERT" | "MODIFY" | "REMOVE", SequenceNumber: string): DynamoDBRecord => ({
    eventName,
    dynamodb: { SequenceNumber, NewImage: image, OldImage: image, Keys: { id: { S: one.id } } },
  });
  await expect(consume({ Records: [record("INSERT", "1")] })).rejects.toThrow(/shard/);
  const total = async () => {
    const { cube } = await Rollups.read(world, { since: now - MINUTE, until: now + MINUTE }, []);
    return cube.total.requests;
  };
  const before = await total();
  const answer = await consume({ shardId: "x", Records: [record("MODIFY", "2"), record("REMOVE", "3")] });
  expect(answer).toEqual({ state: {}, batchItemFailures: [] });
  expect(await total()).toBe(before);
});

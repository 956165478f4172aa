import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Change, Events } from "../../core/events/index.ts";
import { Requests, type RoutingRequest } from "../../core/requests/index.ts";
import { itemOfRequest } from "../../core/requests/stored.ts";
import { describeRequest } from "../requests/factory.ts";
import { chance } from "../rollups/requests.ts";
import { coldWorld, openTestWorld, type TestWorld } from "../world/index.ts";

const BATCHES = [1, 10, 100] as const;

let world: TestWorld;
const spent = { writes: 0, reads: 0 };
beforeAll(async () => {
  world = await openTestWorld();
  count(world);
  // The first request of an hour notes the hour, and the log's first entry begins it.
  await Requests.record(world, describeRequest());
  await append([describeRequest()]);
  // Beside it, every table has the four shards that it is born with.
  for (const table of ["nodes", "cells", "requests"]) {
    for (let shard = table === "requests" ? 1 : 0; shard < 4; shard++)
      await Events.append(world, { table, shard: `${shard}` }, changesOf([describeRequest()]));
  }
});
afterAll(() => world.close());

/** Adds up what DynamoDB says that calls cost. */
function count({ store }: TestWorld): void {
  store.doc.middlewareStack.add(
    (next, context) => async (args) => {
      (args.input as { ReturnConsumedCapacity?: string }).ReturnConsumedCapacity = "INDEXES";
      const isRead = (context as { commandName?: string }).commandName === "QueryCommand";
      const result = await next(args).catch((error: Error) => {
        // DynamoDB charges a put that is refused for its condition by the item that is there.
        if (error.name === "ConditionalCheckFailedException") spent.writes += refusedUnits(error);
        throw error;
      });
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits: number } };
      spent[isRead ? "reads" : "writes"] += ConsumedCapacity?.CapacityUnits ?? 0;
      return result;
    },
    { step: "initialize", priority: "low" },
  );
}

function refusedUnits(error: Error): number {
  const { Item } = error as { Item?: object };
  return Math.max(1, Math.ceil(Buffer.byteLength(JSON.stringify(Item ?? {})) / 1.4 / 1024));
}

async function unitsOf(what: () => Promise<unknown>): Promise<{ writes: number; reads: number }> {
  Object.assign(spent, { writes: 0, reads: 0 });
  await what();
  return { ...spent };
}

let sequence = 0n;
function changesOf(requests: readonly RoutingRequest[]): Change[] {
  return requests.map((request) => {
    sequence += 1n;
    return { sequence, facts: Events.requestEvents(itemOfRequest(request, 4_000_000_000)) };
  });
}

function append(requests: readonly RoutingRequest[], given: TestWorld = world): Promise<number> {
  return Events.append(given, { table: "requests", shard: "s" }, changesOf(requests));
}

const random = chance(7);
const letters = (count: number) =>
  Array.from(
    { length: count },
    () => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[Math.floor(random() * 62)],
  ).join("");

/** Bytes of an item, as DynamoDB counts them. */
function sizeOf(request: RoutingRequest): number {
  const item = itemOfRequest(request, 4_000_000_000);
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + name.length + (typeof value === "number" ? 10 : String(value).length),
    0,
  );
}

function forwarded(payload: unknown, answer: unknown): RoutingRequest {
  const attempt = {
    node_id: "zurich-1",
    outcome: "completed",
    status: 200,
    duration_ms: random() * 20,
    error: null,
  };
  return describeRequest({
    status: "completed",
    distance: random() * 100,
    request_data: { payload },
    response_data: { answer },
    processing_metrics: { strategy: "nearest-least-loaded", candidates: 3, attempts: [attempt] },
  });
}

const KINDS: Readonly<Record<string, () => RoutingRequest>> = {
  "routed, small": () =>
    describeRequest({ lat: random() * 90, lng: random() * 180, distance: random() * 100 }),
  "routed, of 1 KB that doesn't pack": () =>
    describeRequest({ lat: random() * 90, client_info: { client_id: letters(16), note: letters(420) } }),
  "forwarded, small": () =>
    forwarded({ sku: Math.floor(random() * 1e6), count: 2 }, { ok: true, order: Math.floor(random() * 1e9) }),
  "forwarded, of 1 KB that doesn't pack": () => forwarded(letters(200), letters(230)),
};

const table: Record<string, unknown>[] = [];
afterAll(() => console.table(table));

describe("what events cost", () => {
  test.each(Object.keys(KINDS))(
    "a request that is %s costs at most 2 write units, its listing and its event included",
    async (kind) => {
      for (const size of BATCHES) {
        const rounds = Math.max(2, 20 / size);
        const each = Array.from({ length: rounds }, () => Array.from({ length: size }, KINDS[kind]!));
        for (const request of each.flat()) {
          expect(sizeOf(request), kind).toBeLessThanOrEqual(1024);
          if (kind.includes("of 1 KB")) expect(sizeOf(request), kind).toBeGreaterThan(900);
        }
        const stored = await unitsOf(async () => {
          for (const request of each.flat()) await Requests.record(world, request);
        });
        const logged = await unitsOf(async () => {
          for (const requests of each) expect(await append(requests)).toBe(1);
        });
        const per = (units: number) => units / (rounds * size);
        table.push({
          kind,
          batch: size,
          "WRU an append": logged.writes / rounds,
          "WRU a request's event": per(logged.writes),
          "WRU in all": per(stored.writes + logged.writes),
        });
        expect(stored.writes).toBe(rounds * size);
        expect(logged.reads).toBe(0);
        expect(per(stored.writes + logged.writes)).toBeLessThanOrEqual(2);
      }
    },
  );

  test("it is no more when other functions write to the log in between, but for the first time", async () => {
    const other = coldWorld(world);
    for (const writer of [world, other, world, other]) await append([describeRequest()], writer);
    const requests = Array.from({ length: 20 }, KINDS["routed, small"]!);
    const alone = { writes: 0, reads: 0 };
    for (const request of requests) {
      const cost = await unitsOf(() => append([request]));
      alone.writes += cost.writes;
      alone.reads += cost.reads;
      await append([describeRequest()], other);
    }
    table.push({
      kind: `with a rival, ${alone.reads / 20} RRU`,
      batch: 1,
      "WRU an append": alone.writes / 20,
    });
    expect(alone.writes).toBe(20);
    expect(alone.reads).toBeLessThanOrEqual(40);
    // Left alone, it trusts what it knows again.
    for (let n = 0; n < 2; n++) await append([describeRequest()]);
    expect(await unitsOf(() => append([describeRequest()]))).toEqual({ writes: 1, reads: 0 });
  });
});

import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { afterEach, expect, test } from "vitest";
import type { World } from "../../core/ctx.ts";
import type { SweepReport } from "../../core/watching/index.ts";
import { makeHealth } from "../../functions/queues/health.ts";
import { openTestWorld } from "../world/index.ts";
import { allUnits, observed, registerEdges, startEdges } from "./edges.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function messages(bodies: readonly unknown[]): SQSEvent {
  return {
    Records: bodies.map((body, i): SQSRecord => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return { messageId: `m${i}`, body: text, eventSource: "aws:sqs" } as SQSRecord;
    }),
  };
}

/** A world whose store fails on reads of some cells, and finds nothing in the others. */
function brokenStore(world: World, fails: (cell: string) => boolean): World {
  const doc = {
    send: async (command: { input: { RequestItems: Record<string, { Keys: { cell: string }[] }> } }) => {
      const [table, { Keys }] = Object.entries(command.input.RequestItems)[0]!;
      if (Keys.some(({ cell }) => fails(cell.slice(2)))) throw new Error("The store is on fire.");
      return { Responses: { [table]: [] } };
    },
  };
  return { ...world, store: { ...world.store, doc: doc as unknown as DynamoDBDocumentClient } };
}

test("reliability 8: of every failing subset of a batch of 10, exactly those are given back (1024 batches)", async () => {
  const world = await openTestWorld();
  closing.push(() => world.close());
  const cellOf = (i: number) => `g${i.toString(2)}`;
  let failing: ReadonlySet<string> = new Set();
  const handle = makeHealth(
    () => brokenStore(world, (cell) => failing.has(cell)),
    () => {},
  );
  const orders = Array.from({ length: 10 }, (_, i) => ({
    directory: "g",
    cells: [cellOf(i)],
    wave: 60,
    only: [`n${i}`],
  }));
  for (let subset = 0; subset < 1024; subset++) {
    const ids = Array.from({ length: 10 }, (_, i) => i).filter((i) => subset & (1 << i));
    failing = new Set(ids.map(cellOf));
    const { batchItemFailures } = await handle(messages(orders));
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(ids.map((i) => `m${i}`));
  }
});

test("orders that make no sense are given back, the others are carried out and reported", async () => {
  const world = await openTestWorld();
  const edges = await startEdges(3);
  closing.push(
    () => world.close(),
    () => edges.close(),
  );
  await registerEdges(world, edges, 3);
  const [unit, ...others] = await allUnits(world);
  expect(others).toEqual([]);
  const reports: SweepReport[] = [];
  const handle = makeHealth(
    () => world,
    (given) => reports.push(...given),
  );
  const good = { ...unit, wave: 1_800_000_000, units: 1 };
  const bodies = ["no JSON", good, "{}", good, { ...good, wave: -1 }, { ...good, cells: ["../x"] }, "null"];
  const { batchItemFailures } = await handle(messages(bodies));
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
    "m0",
    "m2",
    "m4",
    "m5",
    "m6",
  ]);
  expect((await observed(world)).get("n2")).toMatchObject({ health: "healthy" });
  expect(reports.reduce((sum, { flips }) => sum + flips, 0)).toBeGreaterThanOrEqual(3);
});

import type { SQSEvent } from "aws-lambda";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Log } from "../../core/ctx.ts";
import { type LocalQueue, openQueue, type QueueHandler } from "./queue.ts";

const silent: Log = { info() {}, warn() {}, error() {} };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function open(handler: QueueHandler, options: { concurrency?: number; visibilityMs?: number } = {}) {
  return openQueue<number>({ name: "test", handler, log: silent, ...options });
}

const numbers = (event: SQSEvent) => event.Records.map(({ body }) => JSON.parse(body) as number);

test("messages come in batches of ten at most, with what SQS tells of them", async () => {
  const events: SQSEvent[] = [];
  const queue = open(async (event) => void events.push(event));
  await queue.send(Array.from({ length: 23 }, (_, at) => at));
  await vi.advanceTimersByTimeAsync(0);
  expect(events.map(({ Records }) => Records.length)).toEqual([10, 10, 3]);
  expect(events.flatMap(numbers)).toEqual(Array.from({ length: 23 }, (_, at) => at));
  expect(queue.size).toBe(0);
  expect(events[0]!.Records[0]).toMatchObject({
    eventSource: "aws:sqs",
    attributes: { ApproximateReceiveCount: "1" },
    md5OfBody: "cfcd208495d565ef66e7dff9f98764da",
  });
});

test("every failing subset of a batch of ten: exactly those come again, after the visibility timeout", async () => {
  for (let subset = 0; subset < 1024; subset++) {
    const rounds: number[][] = [];
    const queue = open(async (event) => {
      rounds.push(numbers(event));
      if (rounds.length > 1) return;
      const failed = event.Records.filter((_, at) => subset & (1 << at));
      return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
    });
    await queue.send([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(rounds).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    const failed = rounds[0]!.filter((number) => subset & (1 << number));
    expect(rounds.slice(1)).toEqual(failed.length > 0 ? [failed] : []);
    expect(queue.size).toBe(0);
    await queue.close();
  }
});

test("a handler that throws fails its whole batch, and so does one that names a message it never got", async () => {
  for (const fail of [
    () => Promise.reject(new Error("broken")),
    () => Promise.resolve({ batchItemFailures: [{ itemIdentifier: "another" }] }),
  ]) {
    const rounds: number[][] = [];
    const queue = open(async (event) => {
      rounds.push(numbers(event));
      return rounds.length === 1 ? fail() : undefined;
    });
    await queue.send([1, 2]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(rounds).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(queue.size).toBe(0);
  }
});

test("a message that fails three times is given up with its content, and holds up no other", async () => {
  const tries = new Map<number, number>();
  const queue = open(async (event) => {
    for (const number of numbers(event)) tries.set(number, (tries.get(number) ?? 0) + 1);
    const poison = event.Records.filter(({ body }) => body === "2");
    return { batchItemFailures: poison.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  });
  await queue.send([1, 2, 3]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect([...tries]).toEqual([
    [1, 1],
    [2, 3],
    [3, 1],
  ]);
  expect(queue.dead).toEqual([2]);
  expect(queue.size).toBe(0);
});

test("a delayed message is not seen before its time", async () => {
  const seen: number[] = [];
  const queue = open(async (event) => void seen.push(...numbers(event)));
  await queue.send([1], 30);
  await queue.send([2]);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(seen).toEqual([2]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen).toEqual([2, 1]);
});

test("a message that its handler puts off comes again when it said, and counts its tries", async () => {
  const at: number[] = [];
  const began = Date.now();
  const waits = [5, 600, 0];
  const queue: LocalQueue<number> = openQueue<number>({
    name: "test",
    log: silent,
    maxReceives: 3,
    visibilityMs: 30_000,
    handler: async ({ Records: [record] }) => {
      at.push((Date.now() - began) / 1000);
      await queue.putOff(record!.receiptHandle, waits[at.length - 1]!);
      return { batchItemFailures: [{ itemIdentifier: record!.messageId }] };
    },
  });
  await queue.send([7]);
  await vi.advanceTimersByTimeAsync(700_000);
  expect(at).toEqual([0, 5, 605]);
  expect(queue.dead).toEqual([7]);
});

test("putting off a message that was handled all the same keeps it no longer", async () => {
  const queue: LocalQueue<number> = openQueue<number>({
    name: "test",
    log: silent,
    handler: async ({ Records: [record] }) => queue.putOff(record!.receiptHandle, 5),
  });
  await queue.send([1]);
  await vi.advanceTimersByTimeAsync(0);
  expect(queue.size).toBe(0);
});

test("only what is in hand is put off, by its newest receipt, for a time that SQS knows", async () => {
  const receipts: string[] = [];
  const queue = open(
    async ({ Records: [record] }) => {
      receipts.push(record!.receiptHandle);
      return { batchItemFailures: [{ itemIdentifier: record!.messageId }] };
    },
    { visibilityMs: 1000 },
  );
  await queue.send([1]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(receipts).toHaveLength(2);
  await expect(queue.putOff(receipts[0]!, 5)).rejects.toThrow("not in hand");
  await expect(queue.putOff("another", 5)).rejects.toThrow("not in hand");
  for (const seconds of [-1, 43_201, Number.NaN])
    await expect(queue.putOff(receipts[1]!, seconds)).rejects.toThrow(RangeError);
  await queue.putOff(receipts[1]!, 43_200);
  await queue.close();
});

test("a handler that outlasts the visibility timeout gets its message a second time", async () => {
  let calls = 0;
  const queue = open(
    () => {
      calls++;
      return calls === 1 ? new Promise(() => {}) : Promise.resolve();
    },
    { visibilityMs: 1000 },
  );
  await queue.send([1]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(calls).toBe(2);
  expect(queue.size).toBe(0);
});

test("no more batches are handled at a time than allowed, and all get their turn", async () => {
  let running = 0;
  let most = 0;
  const seen: number[] = [];
  const queue = open(
    async (event) => {
      running++;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 100));
      seen.push(...numbers(event));
      running--;
    },
    { concurrency: 2 },
  );
  await queue.send(Array.from({ length: 55 }, (_, at) => at));
  await vi.advanceTimersByTimeAsync(1000);
  expect(most).toBe(2);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 55 }, (_, at) => at));
});

test("closing waits for what is in hand and starts nothing more", async () => {
  const seen: number[] = [];
  const queue = open(
    async (event) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(...numbers(event));
    },
    { concurrency: 1 },
  );
  await queue.send(Array.from({ length: 15 }, (_, at) => at));
  await vi.advanceTimersByTimeAsync(1);
  const closed = queue.close();
  await vi.advanceTimersByTimeAsync(500);
  await closed;
  expect(seen).toHaveLength(10);
});

test("what SQS would refuse is refused", async () => {
  const queue = open(async () => {});
  await expect(queue.send([1], 901)).rejects.toThrow(RangeError);
  await expect(queue.send([1], -1)).rejects.toThrow(RangeError);
  const large = openQueue<string>({ name: "test", handler: async () => {}, log: silent });
  await expect(large.send(["x".repeat(1024 * 1024)])).rejects.toThrow(RangeError);
});

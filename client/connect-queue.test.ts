import { expect, test } from "vitest";
import { Queue } from "./connect-queue.ts";

test("what was pushed is taken in order, before or after; never more than the limit is held", async () => {
  const queue = new Queue<number>(2);
  const early = [queue.take(), queue.take()];
  expect([1, 2, 3, 4, 5].map((one) => queue.push(one))).toEqual([true, true, true, true, false]);
  expect(queue.size).toBe(2);
  const taken = [...early, queue.take(), queue.take()];
  expect((await Promise.all(taken)).map(({ value }) => value)).toEqual([1, 2, 3, 4]);
  expect(queue.push(6)).toBe(true);
});

test("a failure comes after the last item, once; then it is at its end", async () => {
  const queue = new Queue<number>(2);
  queue.push(1);
  queue.end({ error: "late" });
  queue.end({ error: "later" });
  expect(await queue.take()).toEqual({ value: 1, done: false });
  await expect(queue.take()).rejects.toBe("late");
  expect(await queue.take()).toEqual({ value: undefined, done: true });
});

test("of those that wait the first gets the failure, the others the end", async () => {
  const queue = new Queue<number>(2);
  const waiting = [queue.take(), queue.take(), queue.take()];
  queue.end({ error: "now" });
  expect(await Promise.allSettled(waiting)).toEqual([
    { status: "rejected", reason: "now" },
    { status: "fulfilled", value: { value: undefined, done: true } },
    { status: "fulfilled", value: { value: undefined, done: true } },
  ]);
  expect(await queue.take()).toEqual({ value: undefined, done: true });
});

test("whoever waits for it to be empty is told when the last item is taken, or all are dropped", async () => {
  const queue = new Queue<number>(2);
  await queue.emptied();
  const events: string[] = [];
  queue.push(1);
  queue.push(2);
  const emptied = queue.emptied().then(() => events.push("empty"));
  await queue.take();
  events.push("first");
  await queue.take();
  await emptied;
  queue.push(3);
  const cleared = queue.emptied();
  queue.clear();
  await cleared;
  expect(events).toEqual(["first", "empty"]);
  expect(queue.size).toBe(0);
});

import { expect, test } from "vitest";
import { createGate } from "./gate.ts";

test("no more than the limit are inside, and the rest enter in order", async () => {
  const gate = createGate(2);
  const entered: number[] = [];
  const calls = [0, 1, 2, 3].map(async (n) => {
    await gate.enter();
    entered.push(n);
  });
  await tick();
  expect(entered).toEqual([0, 1]);
  gate.leave();
  await tick();
  expect(entered).toEqual([0, 1, 2]);
  gate.leave();
  await Promise.all(calls);
  expect(entered).toEqual([0, 1, 2, 3]);
});

test("one that gives up while waiting takes no place", async () => {
  const gate = createGate(1);
  const giveUp = new AbortController();
  await gate.enter();
  const second = gate.enter(giveUp.signal);
  const third = gate.enter();
  giveUp.abort();
  await expect(second).rejects.toMatchObject({ kind: "aborted" });
  gate.leave();
  await third;
  gate.leave();
  await gate.enter();
  await expect(gate.enter(AbortSignal.abort())).rejects.toMatchObject({ kind: "aborted" });
});

test("closing refuses those who wait and those who come", async () => {
  const gate = createGate(1);
  await gate.enter();
  const waiting = gate.enter();
  gate.close();
  await expect(waiting).rejects.toMatchObject({ kind: "aborted" });
  await expect(gate.enter()).rejects.toMatchObject({ kind: "aborted" });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Log } from "../../core/ctx.ts";
import { startSchedule } from "./schedule.ts";

const silent: Log = { info() {}, warn() {}, error() {} };

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 0, 0, 3, 250) }));
afterEach(() => vi.useRealTimers());

test("runs at every whole multiple of the interval, and at no other time", async () => {
  const at: string[] = [];
  const schedule = startSchedule({
    name: "test",
    timeoutMs: 60_000,
    intervalMs: 5000,
    handler: async (event) => void at.push(event.time),
    log: silent,
  });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(at).toEqual([
    "2026-01-01T00:00:05Z",
    "2026-01-01T00:00:10Z",
    "2026-01-01T00:00:15Z",
    "2026-01-01T00:00:20Z",
  ]);
  await schedule.close();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(at).toHaveLength(4);
});

test("a run that lasts past the next instant skips it: two never overlap", async () => {
  const at: number[] = [];
  const schedule = startSchedule({
    name: "test",
    timeoutMs: 60_000,
    intervalMs: 1000,
    handler: async () => {
      at.push(Date.now() % 60_000);
      await new Promise((resolve) => setTimeout(resolve, 2500));
    },
    log: silent,
  });
  await vi.advanceTimersByTimeAsync(6000);
  expect(at).toEqual([4000, 7000]);
  const closed = schedule.close();
  await vi.advanceTimersByTimeAsync(3000);
  await closed;
});

test("a run that fails does not end the schedule", async () => {
  let runs = 0;
  const schedule = startSchedule({
    name: "test",
    timeoutMs: 60_000,
    intervalMs: 1000,
    handler: () => {
      runs++;
      throw new Error("broken");
    },
    log: silent,
  });
  await vi.advanceTimersByTimeAsync(3000);
  expect(runs).toBe(3);
  await schedule.close();
});

import { expect, test } from "vitest";
import { QUEUES } from "../../stacks/functions.ts";
import { ATTEMPTS, readRetryAfter, waitS } from "./backoff.ts";

const attempts = Array.from({ length: ATTEMPTS - 1 }, (_, at) => at + 1);

test("W5: the queue gives a message up after as many attempts as there are", () => {
  expect(QUEUES.webhooks.maxReceives).toBe(ATTEMPTS);
});

test("W5: each wait is longer than the one before, by chance a fifth off, over sixteen hours", () => {
  expect(attempts.map((attempt) => waitS(attempt, null, 0.5))).toEqual([
    5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800,
  ]);
  for (const attempt of attempts) {
    const planned = waitS(attempt, null, 0.5);
    expect(waitS(attempt, null, 0)).toBe(planned * 0.8);
    expect(waitS(attempt, null, 0.999999)).toBe(planned * 1.2);
  }
  expect(waitS(ATTEMPTS, null, 0.5)).toBe(0);
  expect(waitS(ATTEMPTS, 600, 0.5)).toBe(0);
});

test("W5: every wait is one that SQS takes, and all fit in the time that the queue keeps a message", () => {
  const longest = attempts.map((attempt) => waitS(attempt, 1e9, 0.999999));
  expect(Math.max(...longest)).toBeLessThanOrEqual(43_200);
  const total = longest.reduce((sum, wait) => sum + wait, 0);
  expect(total + ATTEMPTS * QUEUES.webhooks.visibilityS).toBeLessThan(QUEUES.webhooks.retentionS);
});

test("W5: Retry-After lengthens a wait, to an hour at most, and shortens none", () => {
  expect(waitS(1, 90, 0.5)).toBe(90);
  expect(waitS(1, 999_999, 0.5)).toBe(3600);
  expect(waitS(6, 1, 0.5)).toBe(3600);
  expect(waitS(9, 3600, 0.5)).toBe(28_800);
});

test.each([
  [undefined, null],
  ["", null],
  ["soon", null],
  ["-5", null],
  ["1.5", null],
  ["1e9", null],
  ["99999999999", null],
  ["0", 0],
  ["120", 120],
  [" 120 ", 120],
  ["Sat, 21 Nov 2026 10:00:30 GMT", 30],
  ["Sat, 21 Nov 2026 09:00:00 GMT", 0],
  ["Sat, 99 Nov 2026 09:00:00 GMT", null],
  ["2026-11-21T10:00:30Z", null],
])("Retry-After %s", (header, seconds) => {
  expect(readRetryAfter(header, Date.UTC(2026, 10, 21, 10))).toBe(seconds);
});

import { describe, expect, test } from "vitest";
import * as Inflight from "./inflight.ts";
import { failureShare, sentSince } from "./track.ts";

const start = 1_700_000_000_000;

/** Sends in flight of one node, by this router alone, that last `sessionS` on average (forever by default). */
function inFlight(inflight: Inflight.Inflight, since: number, now: number, sessionS = Infinity, others = 0) {
  return sentSince(Inflight.trackOf(inflight, "a", now), since, now, others, sessionS * 1000);
}

describe("sends in flight", () => {
  test("those since the observation count, earlier ones are in the observation", () => {
    const inflight = Inflight.empty(start);
    for (let second = 0; second < 20; second++) Inflight.recordSend(inflight, "a", start + second * 1000);
    expect(inFlight(inflight, start + 10_000, start + 20_000)).toBe(10);
    expect(inFlight(inflight, start - 1, start + 20_000)).toBe(20);
    expect(inFlight(inflight, start + 20_000, start + 20_000)).toBe(0);
  });

  test("they fade with the mean session", () => {
    const inflight = Inflight.empty(start);
    for (let sends = 0; sends < 100; sends++) Inflight.recordSend(inflight, "a", start + 1000);
    expect(inFlight(inflight, start, start + 11_000, 10)).toBeCloseTo(100 * Math.exp(-1), 0);
  });

  test("a request that ended is out, but still stands for those of the other routers", () => {
    const inflight = Inflight.empty(start);
    Inflight.recordSend(inflight, "a", start);
    Inflight.recordSend(inflight, "a", start);
    Inflight.recordEnd(inflight, "a", start, start + 500);
    expect(inFlight(inflight, start - 1, start + 1000)).toBe(1);
    expect(inFlight(inflight, start - 1, start + 1000, Infinity, 9)).toBe(1 + 9 * 2);
  });

  test("an end without its send, or long after it, takes nothing away", () => {
    const inflight = Inflight.empty(start);
    Inflight.recordEnd(inflight, "a", start, start);
    Inflight.recordSend(inflight, "a", start + 200_000);
    Inflight.recordEnd(inflight, "a", start + 1000, start + 201_000);
    expect(inFlight(inflight, start, start + 201_000)).toBe(1);
  });

  test("the ring forgets what is older than it, and a clock that steps back does no harm", () => {
    const inflight = Inflight.empty(start);
    Inflight.recordSend(inflight, "a", start);
    expect(inFlight(inflight, 0, start + 95_000)).toBe(1);
    expect(inFlight(inflight, 0, start + 100_000)).toBe(0);
    Inflight.recordSend(inflight, "a", start + 50_000);
    expect(inFlight(inflight, 0, start + 100_000)).toBe(1);
  });

  test("a failure does not free what was sent", () => {
    const inflight = Inflight.empty(start);
    Inflight.recordSend(inflight, "a", start);
    Inflight.recordFailure(inflight, "a", start + 5);
    expect(inFlight(inflight, start - 1, start + 10)).toBe(1);
  });
});

describe("recent failures", () => {
  const shareAfter = (outcomes: readonly (0 | 1)[], waitMs: number) => {
    const inflight = Inflight.empty(start);
    for (const failed of outcomes) {
      if (failed) Inflight.recordFailure(inflight, "a", start);
      else Inflight.recordEnd(inflight, "a", start, start);
    }
    return failureShare(Inflight.trackOf(inflight, "a", start), start + waitMs);
  };

  test("the share is that of recent outcomes", () => {
    expect(shareAfter([], 0)).toBe(0);
    expect(shareAfter([1], 0)).toBe(0.5);
    expect(shareAfter([1, 1, 1, 1, 1, 1, 1, 1, 1], 0)).toBe(0.9);
    expect(shareAfter([...Array.from({ length: 998 }, (): 0 => 0), 1], 0)).toBeCloseTo(0.001, 12);
  });

  test("it fades over a sweep interval", () => {
    expect(shareAfter([1], 30_000)).toBeCloseTo(0.5 / Math.E, 12);
    expect(shareAfter([1], 300_000)).toBeLessThan(1e-4);
  });
});

describe("what a send stands for", () => {
  const fleet = { routesPerSecond: 100, routers: 20, sessionSeconds: 10 };

  test("itself alone, while nothing is published", () => {
    expect(Inflight.scale(Inflight.empty(start), undefined, start)).toBe(1);
    expect(Inflight.scale(Inflight.empty(start), { routesPerSecond: 100, routers: 1 }, start)).toBe(1);
  });

  test("one per router, for a router that is new", () => {
    expect(Inflight.scale(Inflight.empty(start), fleet, start)).toBe(20);
  });

  test("the fleet's rate over its own, once that is known", () => {
    const inflight = Inflight.empty(start);
    let now = start;
    for (; now < start + 300_000; now += 50) Inflight.recordSend(inflight, "a", now);
    expect(Inflight.scale(inflight, fleet, now)).toBeGreaterThan(4.8);
    expect(Inflight.scale(inflight, fleet, now)).toBeLessThan(5.3);
  });

  test("at most four average sends, for a router that is hardly used", () => {
    expect(Inflight.scale(Inflight.empty(start), fleet, start + 600_000)).toBe(77);
  });
});

test("a report tells the sends since the last one", () => {
  const inflight = Inflight.empty(start);
  for (let sends = 0; sends < 7; sends++) Inflight.recordSend(inflight, "a", start + 1000);
  expect(Inflight.report(inflight, start + 30_000)).toEqual({ sends: 7, seconds: 30 });
  Inflight.recordSend(inflight, "b", start + 31_000);
  expect(Inflight.report(inflight, start + 40_000)).toEqual({ sends: 1, seconds: 10 });
});

test("memory is bounded, and a node sent to all the time is not forgotten", () => {
  const inflight = Inflight.empty(start, 50);
  for (let sends = 0; sends < 5000; sends++) {
    Inflight.recordSend(inflight, "a", start + sends);
    Inflight.recordSend(inflight, `once-${sends}`, start + sends);
  }
  expect(inflight.tracks.size).toBe(50);
  expect(inFlight(inflight, start - 1, start + 5000)).toBe(5000);
});

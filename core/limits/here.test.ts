import { describe, expect, it } from "vitest";
import type { World } from "../ctx.ts";
import { LimitExceeded } from "../errors.ts";
import { takeHere } from "./here.ts";

function open(limit: number) {
  let at = 0;
  const world = {
    config: { ROUTE_LIMIT_PER_MINUTE: limit },
    now: () => at,
    memory: new Map(),
  } as unknown as World;
  return { world, to: (ms: number) => void (at = ms) };
}

function passed(world: World, key: string, tries: number, points = 1): number {
  let count = 0;
  for (let at = 0; at < tries; at++) {
    try {
      takeHere(world, "route", key, points);
      count++;
    } catch (error) {
      if (!(error instanceof LimitExceeded)) throw error;
    }
  }
  return count;
}

describe("what is counted in a process", () => {
  it("passes up to its limit in a window, then says when to come again", () => {
    const { world, to } = open(3);
    expect(takeHere(world, "route", "a")).toEqual({ limit: 3, remaining: 2, resetS: 60, windowS: 60 });
    to(20_000);
    expect(takeHere(world, "route", "a").remaining).toBe(1);
    expect(takeHere(world, "route", "a").remaining).toBe(0);
    to(20_001);
    const refused = (() => {
      try {
        return takeHere(world, "route", "a");
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toMatchObject({ retryAfterS: 40, allowance: { limit: 3, remaining: 0, resetS: 40 } });
    to(60_000);
    expect(takeHere(world, "route", "a").remaining).toBe(2);
  });

  it("counts each caller and each limit by itself", () => {
    const { world } = open(2);
    expect(passed(world, "a", 5)).toBe(2);
    expect(passed(world, "b", 5)).toBe(2);
    expect(takeHere(world, "forward", "a").remaining).toBe(599);
  });

  it("lets a router through in its share, and one at least", () => {
    expect(passed(open(100).world, "a", 200, 20)).toBe(5);
    expect(passed(open(100).world, "a", 200, 33.4)).toBe(2);
    expect(passed(open(3).world, "a", 200, 20)).toBe(1);
  });

  it("keeps a bounded number of callers, the newest", () => {
    const { world } = open(1);
    for (let caller = 0; caller < 30_000; caller++) takeHere(world, "route", String(caller));
    expect(passed(world, "29999", 1)).toBe(0);
    expect(passed(world, "0", 1)).toBe(1);
    expect([...world.memory.values()].map((map) => (map as Map<string, unknown>).size)).toEqual([20_000]);
  });
});

import { expect, test } from "vitest";
import { loadScore, slope } from "./load.ts";

test("the load score is 0.4 cpu, 0.3 memory and 0.3 connections over capacity", () => {
  const score = loadScore({ cpuUsage: 50, memoryUsage: 20, connections: 30, capacity: 60 });
  expect(score).toBeCloseTo(0.4 * 0.5 + 0.3 * 0.2 + 0.3 * 0.5, 12);
});

test("each part is kept within 0 and 1", () => {
  expect(loadScore({ cpuUsage: 400, memoryUsage: 101, connections: 500, capacity: 10 })).toBe(1);
  expect(loadScore({ cpuUsage: -5, memoryUsage: -1, connections: -3, capacity: 10 })).toBe(0);
});

test("what is not reported counts as 0, and so does what is not a number", () => {
  expect(loadScore({ connections: 5, capacity: 10 })).toBeCloseTo(0.15, 12);
  expect(loadScore({ cpuUsage: Number.NaN, memoryUsage: undefined, connections: 0, capacity: 0 })).toBe(0);
});

test("a resource follows the connections no more than those observed can have used it", () => {
  expect(slope(30, 0.6)).toBeCloseTo(0.5, 12);
  expect(slope(90, 0.1)).toBe(1);
  expect(slope(10, 0)).toBe(1);
  expect(slope(0, 0.5)).toBe(0);
  expect(slope(undefined, 0.5)).toBe(0);
});

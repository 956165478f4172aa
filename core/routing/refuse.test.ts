import { expect, test } from "vitest";
import { refusal } from "./refuse.ts";

test.each([
  [[], "NO_NODES"],
  [["requirement"], "NO_MATCH"],
  [["unhealthy"], "ALL_UNHEALTHY"],
  [["unseen"], "ALL_UNHEALTHY"],
  [["draining"], "ALL_UNHEALTHY"],
  [["requirement", "draining"], "ALL_UNHEALTHY"],
  [["requirement", "unhealthy", "full"], "ALL_FULL"],
  [["full", "out_of_radius"], "TOO_FAR"],
  [["requirement", "unhealthy", "full", "too_far"], "TOO_FAR"],
] as const)("from nodes that are %j: %s", (shortcomings, code) => {
  const refused = refusal(new Set(shortcomings), { fleet_protection: true });
  expect(refused.code).toBe(code);
  expect(refused.extra).toEqual({ fleet_protection: true });
  expect(refused.message).toMatch(/\.$/);
});

import { expect, test } from "vitest";
import { reconnectPause } from "./backoff.ts";

const bounds = { backoffBaseMs: 500, backoffMaxMs: 30_000 };

test("the bound of the pause doubles from half a second to half a minute", () => {
  expect([0, 1, 2, 5, 6, 7, 5000].map((failures) => reconnectPause(failures, bounds, () => 1))).toEqual([
    500, 1000, 2000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test("the pause is anything up to it, nothing too", () => {
  expect([0, 0.25, 0.5].map((chance) => reconnectPause(1, bounds, () => chance))).toEqual([0, 250, 500]);
});

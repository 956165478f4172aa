import { expect, test } from "vitest";
import { oracle, randomOfThree, shipped, staleLeastLoaded } from "./choosers.ts";
import { peakOverMean } from "./world.ts";

test("twenty routers with stale figures spread clients better than chance; going by the figures alone herds", () => {
  const one = { clients: "map", nodes: 20, routers: 20, sessionSeconds: 10, seed: 5 } as const;
  const length = { warmUpS: 60, measureS: 60 };
  const ours = peakOverMean(one, shipped(20, 5), length);
  const random = peakOverMean(one, randomOfThree(5), length);
  expect(ours).toBeLessThan(1.3);
  expect(ours).toBeLessThan(random);
  expect(peakOverMean(one, oracle(5), length)).toBeLessThan(ours);
  expect(peakOverMean(one, staleLeastLoaded(5), length)).toBeGreaterThan(random);
}, 30_000);

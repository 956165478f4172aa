import { expect } from "vitest";
import type { Cube, Measures } from "../../core/rollups/index.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { type Counts, exactPercentile, type Model } from "./requests.ts";

function countsOf({ requests, failed, rejected, far, bins }: Measures) {
  const timed = [...bins.values()].reduce((sum, count) => sum + count, 0);
  return { requests, failed, rejected, far, timed };
}
function wantedOf({ requests, failed, rejected, far, times }: Counts) {
  return { requests, failed, rejected, far, timed: times.length };
}

/** Holds a cube against the model: every count exact, every percentile within 2 %. */
export function expectExact(cube: Cube, model: Model): void {
  expect(cube.statuses).toEqual(model.statuses);
  expect(countsOf(cube.total)).toEqual(wantedOf(model.total));
  expectPercentiles(cube.total, model.total);
  for (const dimension of ["nodes", "clients", "errors", "cells"] as const) {
    const got = [...cube.by[dimension]].map(([key, one]) => [key, countsOf(one)] as const);
    const wanted = [...model.by[dimension]].map(([key, one]) => [key, wantedOf(one)] as const);
    expect(Object.fromEntries(got), dimension).toEqual(Object.fromEntries(wanted));
    for (const [key, one] of model.by[dimension]) expectPercentiles(cube.by[dimension].get(key)!, one);
  }
}

export function expectPercentiles({ bins }: Measures, { times }: Counts): void {
  if (times.length === 0) return;
  const got = Rollups.percentiles(bins);
  for (const [name, q] of [
    ["p50", 0.5],
    ["p95", 0.95],
    ["p99", 0.99],
  ] as const) {
    const exact = exactPercentile(times, q);
    expect(Math.abs(got[name]! - exact) / exact, `${name} of ${times.length}`).toBeLessThanOrEqual(0.02);
  }
}

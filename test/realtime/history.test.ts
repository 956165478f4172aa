import { expect, test } from "vitest";
import { type LeapingWorld, live, type Outcome, openLeapingWorld } from "./history.ts";

/** How often a client's connection breaks, in all; the bar is 1 000. */
const DISCONNECTS = Number(process.env.ARX_DISCONNECTS ?? 120);
const SEED = Number(process.env.ARX_SEED ?? Math.floor(Math.random() * 1e9));
const AT_ONCE = 4;

async function liveMany(leaps: boolean): Promise<Outcome[]> {
  const disconnects = Math.ceil(DISCONNECTS / AT_ONCE);
  const seeds = Array.from({ length: AT_ONCE }, (_, n) => SEED + 1000 * n);
  const worlds: LeapingWorld[] = [];
  for (const _ of seeds) worlds.push(await openLeapingWorld());
  const outcomes = await Promise.all(seeds.map((seed, n) => live(worlds[n]!, { seed, disconnects, leaps })));
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((all, one) => all + of(one), 0);
  console.log(
    `seed ${SEED}: ${sum((one) => one.disconnects)} disconnects (ARX_DISCONNECTS), ${sum((one) => one.kills)} broadcasters killed, ` +
      `${sum((one) => one.facts)} facts, ${sum((one) => one.received)} received, ${sum((one) => one.repeats)} came again and were dropped, ` +
      `${sum((one) => one.gaps.length)} snapshots, ${sum((one) => one.complaints.length)} missing, twice or wrong`,
  );
  expect(Math.max(...outcomes.map(({ largest }) => largest))).toBeLessThanOrEqual(32 * 1024);
  return outcomes;
}

test("R3–R10: whatever breaks, each client has every fact it asked for once, in order, and none else", async () => {
  const outcomes = await liveMany(false);
  expect(outcomes.flatMap(({ complaints }) => complaints)).toEqual([]);
  expect(outcomes.flatMap(({ gaps }) => gaps)).toEqual([]);
  expect(outcomes.every(({ received }) => received > 0)).toBe(true);
  expect(outcomes.reduce((all, { kills }) => all + kills, 0)).toBeGreaterThan(0);
}, 1_200_000);

test("R4, R10: with leaps of the clock too, but for what a client was told to take a snapshot of", async () => {
  const outcomes = await liveMany(true);
  expect(outcomes.flatMap(({ complaints }) => complaints)).toEqual([]);
  expect(outcomes.flatMap(({ gaps }) => gaps).filter((reason) => reason !== "too_far_behind")).toEqual([]);
}, 1_200_000);

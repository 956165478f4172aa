import type { World } from "../ctx.ts";
import { newId } from "../id.ts";
import { COUNTED_FOR_MS, LATE_AFTER_MS } from "./count.ts";
import { addCube, addDimension, addTotals, type Cube, DIMENSIONS, emptyCube } from "./cube.ts";
import {
  type Head,
  headsIn,
  isCurrent,
  lateMarks,
  minuteParts,
  putWhole,
  readDimension,
  stampKey,
  totalsOf,
} from "./items.ts";
import { ceilTo, DAY_MS, floorTo, HOUR_MS } from "./periods.ts";

/** How long after its end an hour is folded: longer than a write to it takes that was begun before it counted as late. */
export const FOLD_AFTER_MS = 2 * LATE_AFTER_MS;

export interface Folded {
  readonly hours: number;
  readonly days: number;
}

/** Makes hours of minutes and days of hours: each that has ended and was not made yet, or was written to since (SPEC R8–R10). */
export async function fold(world: World): Promise<Folded> {
  const { store } = world;
  const now = world.now();
  const until = floorTo(now - FOLD_AFTER_MS, HOUR_MS);
  const since = ceilTo(now - COUNTED_FOR_MS, HOUR_MS);
  const marks = await lateMarks(store, { since, until }, true);
  const found = await headsOfHours(world, since, until);
  let hours = 0;
  for (let start = since; start < until; start += HOUR_MS) {
    const was = found.get(start);
    if (was && isCurrent(was, marks)) continue;
    if (await foldHour(world, start, marks.get(start), was)) hours++;
  }
  let days = 0;
  for (let start = ceilTo(since - DAY_MS, DAY_MS); start + DAY_MS <= until; start += DAY_MS) {
    if (await foldDay(world, start)) days++;
  }
  return { hours, days };
}

async function headsOfHours(world: World, since: number, until: number): Promise<Map<number, Head>> {
  const found = new Map<number, Head>();
  for (let at = since; at < until; at = floorTo(at, DAY_MS) + DAY_MS) {
    const end = Math.min(until, floorTo(at, DAY_MS) + DAY_MS);
    for (const head of await headsIn(world.store, "hour", { since: at, until: end }, true))
      found.set(head.start, head);
  }
  return found;
}

// The mark was read before the minutes are: what it stands for is in them.
async function foldHour(world: World, start: number, mark: string | undefined, was: Head | undefined) {
  const cube = emptyCube();
  for await (const part of minuteParts(world.store, { since: start, until: start + HOUR_MS }, true)) {
    addCube(cube, part.cube);
  }
  const stamps = mark === undefined ? {} : { [stampKey(start)]: mark };
  return putWhole(world.store, { of: "hour", start, generation: newId(world), stamps }, cube, was);
}

/** Folds a day of which every hour is there, unless its hours are those that it was folded of. */
async function foldDay(world: World, start: number): Promise<boolean> {
  const { store } = world;
  const range = { since: start, until: start + DAY_MS };
  const [was] = await headsIn(store, "day", range, true);
  const hours = await headsIn(store, "hour", range, true);
  if (hours.length < 24) return false;
  const stamps = Object.assign({}, ...hours.map((hour) => hour.stamps)) as Record<string, string>;
  if (was && sameStamps(was.stamps, stamps)) return false;
  const cube: Cube = emptyCube();
  for (const hour of hours) addTotals(cube, totalsOf(hour));
  for (const dimension of DIMENSIONS) {
    await readDimension(store, hours, dimension, (rows) => addDimension(cube, dimension, rows));
  }
  return putWhole(store, { of: "day", start, generation: newId(world), stamps }, cube, was);
}

function sameStamps(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(b);
  return Object.keys(a).length === keys.length && keys.every((key) => a[key] === b[key]);
}

import type { World } from "../ctx.ts";
import { addDimension, addTotals, type Cube, type Dimension, emptyCube } from "./cube.ts";
import {
  groupRange,
  type Head,
  headsIn,
  isCurrent,
  lateMarks,
  minuteParts,
  readDimension,
  totalsOf,
  type Whole,
} from "./items.ts";
import {
  aligned,
  BUCKET_MS,
  type Bucket,
  DAY_MS,
  floorTo,
  HOUR_MS,
  KEPT_MS,
  type Piece,
  pieces,
  type Range,
} from "./periods.ts";

/** Queries in flight at once. */
const LANES = 8;

/** What was counted in a range; `since` and `until` are the range that was counted, see `aligned`. */
export interface Counted extends Range {
  readonly cube: Cube;
}

/**
 * Counts of a range, with those dimensions that are asked for: from days, hours and minutes, each instant from one of them. What it reads
 * does not grow with the number of requests, but with the range and with the keys of a dimension.
 */
export async function read(world: World, asked: Range, dimensions: readonly Dimension[]): Promise<Counted> {
  const range = aligned(asked, world.now());
  const outline = await outlineOf(world, range, "day");
  const cube = emptyCube();
  for (const head of outline.heads) addTotals(cube, totalsOf(head));
  await inLanes(outline.minutes, async (piece) => {
    for await (const part of minuteParts(world.store, piece)) {
      addTotals(cube, part.cube);
      for (const dimension of dimensions) addDimension(cube, dimension, part.cube.by[dimension]);
    }
  });
  const groups = [
    ...Map.groupBy(outline.heads, ({ of, start }) => `${of} ${groupRange(of, start).since}`).values(),
  ];
  const wanted = groups.flatMap((heads) => dimensions.map((dimension) => ({ heads, dimension })));
  await inLanes(wanted, ({ heads, dimension }) =>
    readDimension(world.store, heads, dimension, (rows) => addDimension(cube, dimension, rows)),
  );
  return { ...range, cube };
}

/** Totals of a range by bucket, oldest first, the empty ones too. */
export async function series(
  world: World,
  asked: Range,
  bucket: Bucket,
): Promise<Range & { readonly points: readonly { readonly at: number; readonly cube: Cube }[] }> {
  const size = BUCKET_MS[bucket];
  const whole = aligned(asked, world.now());
  const range = { since: floorTo(whole.since, size), until: Math.ceil(whole.until / size) * size };
  const points = new Map<number, Cube>();
  for (let at = range.since; at < range.until; at += size) points.set(at, emptyCube());
  const outline = await outlineOf(world, range, bucket);
  for (const head of outline.heads) addTotals(points.get(floorTo(head.start, size))!, totalsOf(head));
  await inLanes(outline.minutes, async (piece) => {
    for await (const part of minuteParts(world.store, piece)) {
      addTotals(points.get(floorTo(part.minute, size))!, part.cube);
    }
  });
  return { ...range, points: [...points].map(([at, cube]) => ({ at, cube })) };
}

/** What a range is read from, no coarser than `coarsest`. */
async function outlineOf(
  world: World,
  range: Range,
  coarsest: Bucket,
): Promise<{ heads: Head[]; minutes: Piece[] }> {
  const { store } = world;
  const now = world.now();
  const marks = await lateMarks(store, { since: now - KEPT_MS.minute - DAY_MS, until: now + HOUR_MS });
  const known = new Map<string, Head>();
  const cut = () => pieces(range, (of, start) => known.has(`${of} ${start}`));
  const learn = async (of: Whole, wanted: readonly Range[]) => {
    await inLanes(wanted, async (part) => {
      for (const head of await headsIn(store, of, part)) {
        if (isCurrent(head, marks)) known.set(`${of} ${head.start}`, head);
      }
    });
  };
  if (coarsest === "day" && range.until - range.since >= DAY_MS) await learn("day", groupsOf("day", [range]));
  if (coarsest !== "minute") {
    const left = cut().filter((piece) => piece.of === "minute" && piece.until > now - KEPT_MS.hour - DAY_MS);
    await learn("hour", groupsOf("hour", left));
  }
  const all = cut();
  return {
    heads: all.flatMap(({ of, since }) => known.get(`${of} ${since}`) ?? []),
    minutes: all.filter((piece) => piece.of === "minute" && piece.until > now - KEPT_MS.minute - HOUR_MS),
  };
}

/** The partitions that ranges lie in, each cut to what is wanted of it. */
function groupsOf(of: Whole, ranges: readonly Range[]): Range[] {
  const groups = new Map<number, Range>();
  for (const { since, until } of ranges) {
    for (let at = since; at < until; at = groupRange(of, at).until) {
      const group = groupRange(of, at);
      const from = Math.max(at, group.since);
      const to = Math.min(until, group.until);
      const held = groups.get(group.since);
      groups.set(group.since, {
        since: Math.min(from, held?.since ?? from),
        until: Math.max(to, held?.until ?? to),
      });
    }
  }
  return [...groups.values()];
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const pending = [...items];
  const lane = async () => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

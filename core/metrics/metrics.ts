import { Cells } from "../cells/index.ts";
import { memoryOf, type World } from "../ctx.ts";
import { Invalid, NotFound } from "../errors.ts";
import { iso } from "../id.ts";
import { Nodes } from "../nodes/index.ts";
import { verb } from "../verb.ts";
import {
  type FormerPlace,
  formerPlaces,
  KEPT_S,
  markedCells,
  minutes,
  putFormerPlace,
  putMarker,
  putMinute,
} from "./items.ts";
import { pack, type Sample, unpacker } from "./pack.ts";
import { type HistoryView, historyInput } from "./schema.ts";
import { bucketFor, Series } from "./series.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MARKED = Symbol("metrics.marked");

/**
 * Keeps what a sweep saw of a cell's nodes, for 7 days: one write of 11 bytes a node.
 *
 * @param at milliseconds since the epoch
 */
export async function record(
  world: World,
  cell: string,
  at: number,
  nodes: Iterable<readonly [id: string, sample: Sample]>,
): Promise<void> {
  const packed = pack(nodes);
  if (packed.length === 0) return;
  const atS = Math.floor(at / 1000);
  await markToday(world, cell, at);
  await putMinute(world.store, cell, { at: atS, packed });
}

/** The marker is there before the first minute is, so that no minute can be missed; each process renews it once a day. */
async function markToday(world: World, cell: string, at: number): Promise<void> {
  const marked = memoryOf(world, MARKED, () => ({ day: 0, cells: new Set<string>() }));
  const day = Math.floor(at / DAY_MS);
  if (marked.day !== day) {
    marked.day = day;
    marked.cells.clear();
  }
  if (marked.cells.has(cell)) return;
  await putMarker(world.store, cell, Math.floor(at / 1000));
  marked.cells.add(cell);
}

/** Remembers where a node was, so that its history before it moved is found. */
export function moved(world: World, id: string, from: FormerPlace, at: number): Promise<void> {
  return putFormerPlace(world.store, id, from, Math.floor(at / 1000));
}

/**
 * A node's load over time, complete: all that was kept between `since` and `until`, as means of buckets.
 *
 * Cells split and merge, so a node's minutes may lie under any prefix of its key: the markers of all of them are read at once (some 85
 * point reads, in one call), then the partitions that there are.
 *
 * @throws NotFound; Invalid for a range that is reversed or longer than 7 days.
 */
export const ofNode = verb(historyInput, async (ctx, input): Promise<HistoryView> => {
  const until = input.until ?? ctx.now();
  const since = input.since ?? until - HOUR_MS;
  checkRange(since, until);
  const node = await Nodes.find(ctx, input.edge_id);
  if (!node) throw new NotFound(`There is no node ${input.edge_id}.`);

  const bucket_s = input.bucket_s ?? bucketFor((until - since) / 1000);
  const series = new Series(bucket_s);
  const read = unpacker(node.id);
  const sinceS = Math.ceil(since / 1000);
  const untilS = Math.floor(until / 1000);
  const places = [node, ...(await formerPlaces(ctx.store, node.id, sinceS))];
  const prefixes = new Set(places.flatMap((place) => prefixesOf(Cells.keyOf({ ...place, id: node.id }))));
  await Promise.all(
    (await markedCells(ctx.store, [...prefixes])).map(async (cell) => {
      for await (const { at, packed } of minutes(ctx.store, cell, sinceS, untilS)) {
        const sample = read(packed);
        if (sample) series.add(at, sample);
      }
    }),
  );
  return {
    edge_id: node.id,
    since: iso(since),
    until: iso(until),
    bucket_s,
    points: series.points().map((point) => ({ ...point, at: iso(point.at * 1000) })),
    totals: { samples: series.samples(), ...series.totals() },
  };
});

function checkRange(since: number, until: number): void {
  if (since > until) {
    throw new Invalid("`since` is after `until`.", [{ path: "since", message: "Must not be after until" }]);
  }
  if (until - since > KEPT_S * 1000) {
    throw new Invalid("The range is longer than 7 days.", [
      { path: "since", message: "Must be at most 7 days before until" },
    ]);
  }
}

function prefixesOf(key: string): string[] {
  return Array.from({ length: key.length }, (_, i) => key.slice(0, i + 1));
}

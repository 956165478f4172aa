import { batchGet, type Item, putItem, queryAll, type Store, type TableSpec } from "../store/index.ts";

/**
 * What sweeps saw over time, by these access patterns:
 *
 * - a minute of a cell, packed → `c#<prefix>`, `at` = the second it was observed; a node's history is a range of that partition
 * - which cells a node may have been in → `c#<prefix>` "marker": a point read for each prefix of its key, since cells split and merge
 * - where a node was before it moved → `n#<id>`, `at` = the second it moved
 */
export const METRICS: TableSpec = {
  name: "metrics",
  partitionKey: "cell",
  sortKey: "at",
  ttl: "expires_at",
};

const DAY_S = 86_400;
export const KEPT_S = 7 * DAY_S;
/** Sorts behind every second. */
const MARKER = "marker";

const second = (s: number) => String(Math.max(0, s)).padStart(12, "0");
const partition = (cell: string) => `c#${cell}`;

/** One minute of a cell. `at` in seconds, `packed` by `pack`. */
export interface Minute {
  readonly at: number;
  readonly packed: Uint8Array;
}

export async function putMinute(store: Store, cell: string, { at, packed }: Minute): Promise<void> {
  await putItem(store, METRICS, { cell: partition(cell), at: second(at), packed, expires_at: at + KEPT_S });
}

/** Says that a cell has minutes from now on. It outlives the last of a day's minutes. */
export async function putMarker(store: Store, cell: string, at: number): Promise<void> {
  await putItem(store, METRICS, { cell: partition(cell), at: MARKER, expires_at: at + KEPT_S + 2 * DAY_S });
}

/** Those of these cells that have minutes. */
export async function markedCells(store: Store, cells: readonly string[]): Promise<string[]> {
  const keys = cells.map((cell) => ({ cell: partition(cell), at: MARKER }));
  return (await batchGet(store, METRICS, keys)).map((item) => (item.cell as string).slice(2));
}

/** The minutes of a cell between two seconds, both included, oldest first. */
export function minutes(store: Store, cell: string, since: number, until: number): AsyncIterable<Minute> {
  return map(range(store, partition(cell), since, until), (item) => ({
    at: Number(item.at),
    packed: item.packed as Uint8Array,
  }));
}

/** A place that a node was filed under, until it moved. */
export interface FormerPlace {
  readonly lat: number | undefined;
  readonly lng: number | undefined;
}

export async function putFormerPlace(
  store: Store,
  id: string,
  place: FormerPlace,
  at: number,
): Promise<void> {
  await putItem(store, METRICS, { cell: `n#${id}`, at: second(at), ...place, expires_at: at + KEPT_S });
}

/** Where a node was filed before it moved, since a second. */
export async function formerPlaces(store: Store, id: string, since: number): Promise<FormerPlace[]> {
  const found: FormerPlace[] = [];
  for await (const item of range(store, `n#${id}`, since, since + 2 * KEPT_S)) {
    found.push({ lat: item.lat as number | undefined, lng: item.lng as number | undefined });
  }
  return found;
}

function range(store: Store, cell: string, since: number, until: number): AsyncGenerator<Item> {
  return queryAll(store, METRICS, {
    KeyConditionExpression: "cell = :cell AND #at BETWEEN :since AND :until",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":cell": cell, ":since": second(since), ":until": second(until) },
  });
}

async function* map<T, R>(all: AsyncIterable<T>, to: (one: T) => R): AsyncGenerator<R> {
  for await (const one of all) yield to(one);
}

import {
  type Condition,
  getItem,
  type Item,
  putItem,
  queryAll,
  queryPage,
  type Store,
} from "../store/index.ts";
import { type Cube, DIMENSIONS, type Dimension, type Measures } from "./cube.ts";
import {
  packDimension,
  packMinute,
  packTotals,
  unpackDimension,
  unpackMinute,
  unpackTotals,
} from "./pack.ts";
import { DAY_MS, HOUR_MS, KEPT_MS, MINUTE_MS } from "./periods.ts";
import type { Ranges } from "./ranges.ts";
import { ROLLUPS } from "./table.ts";

/** Sorts behind everything that may follow a prefix. */
const END = "~";
const four = (n: number) => String(n).padStart(4, "0");
const isoOf = (at: number) => new Date(at).toISOString();
const hourOf = (at: number) => isoOf(at).slice(0, 13);
const seconds = (ms: number) => Math.floor(ms / 1000);

/** What a shard brought to a minute: the newest part, or one that is full and stays as it is. */
export interface MinutePart {
  readonly minute: number;
  readonly shard: string;
  /** Counts the parts of the minute and shard from 0. */
  readonly n: number;
  /** Differs with every write. */
  readonly writeId: string;
  readonly cube: Cube;
  /** The shard's sequence numbers that are counted in this part or an earlier one. */
  readonly seen: Ranges;
  /** Packed; 0 for one that is not stored yet. */
  readonly bytes: number;
}

const minutePeriod = (at: number) => `m#${hourOf(at)}`;
const minuteOf = (at: number) => isoOf(at).slice(14, 16);

/** The newest part of a minute and shard, or null. */
export async function newestPart(store: Store, minute: number, shard: string): Promise<MinutePart | null> {
  const prefix = `${minuteOf(minute)}#${shard}#`;
  const { items } = await queryPage(store, ROLLUPS, {
    KeyConditionExpression: "#period = :period AND begins_with(#part, :prefix)",
    ExpressionAttributeNames: { "#period": "period", "#part": "part" },
    ExpressionAttributeValues: { ":period": minutePeriod(minute), ":prefix": prefix },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: 1,
  });
  return items[0] ? minutePartOf(items[0], minute) : null;
}

/**
 * Writes a part on the one that it was read as; a new one (`bytes` 0) on there being none.
 *
 * @returns false when somebody else wrote it meanwhile.
 */
export function putMinutePart(store: Store, part: MinutePart, writeId: string): Promise<boolean> {
  const condition: Condition =
    part.bytes === 0
      ? { expression: "attribute_not_exists(#period)", names: { "#period": "period" } }
      : {
          expression: "#write = :read",
          names: { "#write": "write_id" },
          values: { ":read": part.writeId },
        };
  const item = {
    period: minutePeriod(part.minute),
    part: `${minuteOf(part.minute)}#${part.shard}#${four(part.n)}`,
    packed: packMinute(part.cube, part.seen),
    write_id: writeId,
    expires_at: seconds(part.minute + MINUTE_MS + KEPT_MS.minute),
  };
  return putItem(store, ROLLUPS, item, condition);
}

/** Every part of the minutes in [since, until), which lie in one hour. */
export async function* minuteParts(
  store: Store,
  { since, until }: { readonly since: number; readonly until: number },
  consistent = false,
): AsyncGenerator<MinutePart> {
  const hour = Math.floor(since / HOUR_MS) * HOUR_MS;
  const last = until - MINUTE_MS;
  for await (const item of between(
    store,
    minutePeriod(since),
    minuteOf(since),
    `${minuteOf(last)}#${END}`,
    consistent,
  )) {
    yield minutePartOf(item, hour + Number((item.part as string).slice(0, 2)) * MINUTE_MS);
  }
}

function minutePartOf(item: Item, minute: number): MinutePart {
  const [, shard = "", n = "0"] = (item.part as string).split("#");
  const packed = item.packed as Uint8Array;
  return {
    minute,
    shard,
    n: Number(n),
    writeId: item.write_id as string,
    bytes: packed.length,
    ...unpackMinute(packed),
  };
}

/** What is made of minutes: hours, and days of those. */
export type Whole = "hour" | "day";

/** An hour or a day: its totals, and where its dimensions are. */
export interface Head {
  readonly of: Whole;
  readonly start: number;
  /** Names its parts, so that those of an earlier fold are told apart. */
  readonly generation: string;
  /** The marks of lateness that it was folded after, by hour. */
  readonly stamps: Readonly<Record<string, string>>;
  /** How many parts each dimension has. */
  readonly parts: Readonly<Record<Dimension, number>>;
  readonly packed: Uint8Array;
}

const LETTER = { hour: "h", day: "d" } as const;
/** Those of a day, or of a month, share a partition. */
const groupOf = (of: Whole, at: number) => `${LETTER[of]}#${isoOf(at).slice(0, of === "hour" ? 10 : 7)}`;
const slotOf = (of: Whole, at: number) => (of === "hour" ? isoOf(at).slice(11, 13) : isoOf(at).slice(8, 10));

/** Where a group begins and the next one does. */
export function groupRange(of: Whole, at: number): { since: number; until: number } {
  const date = new Date(at);
  if (of === "hour") {
    const since = Math.floor(at / DAY_MS) * DAY_MS;
    return { since, until: since + DAY_MS };
  }
  const month = (add: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + add, 1);
  return { since: month(0), until: month(1) };
}

/** The heads of one group that begin in [since, until). */
export async function headsIn(
  store: Store,
  of: Whole,
  { since, until }: { readonly since: number; readonly until: number },
  consistent = false,
): Promise<Head[]> {
  const group = groupRange(of, since).since;
  const heads: Head[] = [];
  const last = slotOf(of, until - 1);
  for await (const item of between(store, groupOf(of, since), slotOf(of, since), last, consistent)) {
    const slot = Number(item.part);
    heads.push({
      of,
      start: of === "hour" ? group + slot * HOUR_MS : group + (slot - 1) * DAY_MS,
      generation: item.generation as string,
      stamps: item.stamps as Record<string, string>,
      parts: item.parts as Record<Dimension, number>,
      packed: item.packed as Uint8Array,
    });
  }
  return heads;
}

export const totalsOf = (head: Head): Cube => unpackTotals(head.packed);

/**
 * Writes an hour or a day: first its parts, under a generation of their own, then the head that names them.
 *
 * @param was the head that it takes the place of, if there was one
 * @returns false when another fold came first; its parts go by themselves.
 */
export async function putWhole(
  store: Store,
  whole: {
    readonly of: Whole;
    readonly start: number;
    readonly generation: string;
    readonly stamps: Readonly<Record<string, string>>;
  },
  cube: Cube,
  was: Head | undefined,
): Promise<boolean> {
  const { of, start, generation, stamps } = whole;
  const expires_at = seconds(start + KEPT_MS[of] + DAY_MS);
  const parts: Partial<Record<Dimension, number>> = {};
  for (const dimension of DIMENSIONS) {
    const packed = packDimension(cube.by[dimension]);
    for (const [n, one] of packed.entries()) {
      await putItem(store, ROLLUPS, {
        period: `${groupOf(of, start)}#${dimension}`,
        part: `${slotOf(of, start)}#${generation}#${four(n)}`,
        packed: one,
        expires_at,
      });
    }
    parts[dimension] = packed.length;
  }
  const head = {
    period: groupOf(of, start),
    part: slotOf(of, start),
    generation,
    // A put whose answer was lost finds itself, and is no lost race.
    write_id: generation,
    stamps,
    parts,
    packed: packTotals(cube),
    expires_at,
  };
  const condition: Condition = was
    ? {
        expression: "#generation = :was",
        names: { "#generation": "generation" },
        values: { ":was": was.generation },
      }
    : { expression: "attribute_not_exists(#period)", names: { "#period": "period" } };
  return putItem(store, ROLLUPS, head, condition);
}

/** One dimension of some heads of one group, part by part. */
export async function readDimension(
  store: Store,
  heads: readonly Head[],
  dimension: Dimension,
  into: (rows: readonly (readonly [string, Measures])[]) => void,
): Promise<void> {
  const wanted = new Set<string>();
  for (const head of heads) {
    for (let n = 0; n < head.parts[dimension]; n++) {
      wanted.add(`${slotOf(head.of, head.start)}#${head.generation}#${four(n)}`);
    }
  }
  if (wanted.size === 0) return;
  const period = `${groupOf(heads[0]!.of, heads[0]!.start)}#${dimension}`;
  const sorted = [...wanted].sort();
  for await (const item of between(store, period, sorted[0]!, sorted.at(-1)!, false)) {
    if (wanted.delete(item.part as string)) into(unpackDimension(item.packed as Uint8Array));
  }
  // A head may be seen before its parts are, by a read that need not be the newest.
  for (const part of wanted) {
    const item = await getItem(store, ROLLUPS, { period, part }, { consistent: true });
    if (!item) throw new Error(`The rollup ${period} ${part} is missing.`);
    into(unpackDimension(item.packed as Uint8Array));
  }
}

const LATE = "late";
const MARK_KEPT_MS = KEPT_MS.minute + DAY_MS;

/** Says that an hour was written to when it may have been folded already. */
export async function markLate(store: Store, at: number, stamp: string): Promise<void> {
  const expires_at = seconds(at + MARK_KEPT_MS);
  await putItem(store, ROLLUPS, { period: LATE, part: hourOf(at), stamp, expires_at });
}

/** The marks of hours in [since, until), by hour. */
export async function lateMarks(
  store: Store,
  { since, until }: { readonly since: number; readonly until: number },
  consistent = false,
): Promise<Map<number, string>> {
  const marks = new Map<number, string>();
  for await (const item of between(store, LATE, hourOf(since), hourOf(until - 1), consistent)) {
    marks.set(Date.parse(`${item.part as string}:00:00.000Z`), item.stamp as string);
  }
  return marks;
}

/** How an hour is called in a head's stamps. */
export const stampKey = hourOf;

/** Whether a head holds all that was written to its hours. */
export function isCurrent(head: Head, marks: ReadonlyMap<number, string>): boolean {
  const end = head.start + (head.of === "hour" ? HOUR_MS : DAY_MS);
  return [...marks].every(
    ([hour, stamp]) => hour < head.start || hour >= end || head.stamps[stampKey(hour)] === stamp,
  );
}

async function* between(
  store: Store,
  period: string,
  first: string,
  last: string,
  consistent: boolean,
): AsyncGenerator<Item> {
  yield* queryAll(store, ROLLUPS, {
    KeyConditionExpression: "#period = :period AND #part BETWEEN :first AND :last",
    ExpressionAttributeNames: { "#period": "period", "#part": "part" },
    ExpressionAttributeValues: { ":period": period, ":first": first, ":last": last },
    ConsistentRead: consistent,
  });
}

import type { Condition, Item, Store } from "../store/index.ts";
import { indexShard, type Shard } from "../store/newest.ts";
import type { Account } from "./budget.ts";
import { type Calendar, startOfHour } from "./calendar.ts";
import { hourAt, REQUESTS, SHARDS } from "./items.ts";

const HOUR_MS = 3_600_000;
/** Hours that one shard looks into at once where the last ones had few: with all shards, 48 queries at a time. */
const MOST_AHEAD = 6;

/**
 * A request's place in the order of all: its hour, then its id (`2026-01-01T12#<uuid>`). The bare hour (`2026-01-01T12#`) is the place below
 * all of that hour.
 */
export function placeOf(item: Item): string {
  return `${(item.hour_shard as string).slice(0, 13)}#${item.id as string}`;
}

/** The place above all ids made up to this instant, and below all made after it. */
export function placeAfter(ms: number): string {
  return `${hourAt(ms)}#${leastIdAt(ms + 1)}`;
}

/** The least UUIDv7 made in this millisecond, as far as it tells: what every such id is greater than. */
function leastIdAt(ms: number): string {
  const hex = Math.min(Math.max(ms, 0), 0xffff_ffff_ffff).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

export interface HoursOptions {
  readonly store: Store;
  readonly calendar: Calendar;
  /** Instant of the oldest ids, inclusive. */
  readonly since: number;
  readonly filter: Condition;
  /** What further must hold of an item. */
  readonly keep: (item: Item) => boolean;
  readonly account: Account;
}

/**
 * The requests as shards for `newestAcross`, each going back through the calendar's hours. Where one has few requests, more of them are
 * asked at once. An account that is spent reads no further: the merge then gets nothing new, and ends the page.
 */
export function hourShards(options: HoursOptions): Shard<Item>[] {
  return Array.from({ length: SHARDS }, (_, digit) => backThroughHours(digit, options));
}

function backThroughHours(digit: number, options: HoursOptions): Shard<Item> {
  const partition = (hour: string): Shard<Item> =>
    indexShard(options.store, REQUESTS, {
      partition: { attribute: "hour_shard", value: `${hour}#${digit}` },
      sort: "id",
      since: leastIdAt(options.since),
      filter: options.filter,
    });
  let ahead = 1;
  return async (before, count) => {
    if (options.account.isSpent()) return { items: [], stoppedAt: before };
    const [first, id] = before!.split("#") as [string, string];
    const from = id === "" ? hourAt(startOfHour(first) - HOUR_MS) : first;
    const hours = await options.calendar(from, ahead);
    if (hours.length === 0) return { items: [], stoppedAt: undefined };
    const slices = await Promise.all(
      hours.map((hour) => partition(hour)(hour === first ? id : undefined, count)),
    );
    // What follows an hour that was not read to its end would leave a gap: it is read again in its turn.
    const cut = slices.findIndex(({ stoppedAt }) => stoppedAt !== undefined);
    const whole = cut < 0 ? slices : slices.slice(0, cut + 1);
    const items = whole.flatMap((slice) => slice.items.filter(options.keep));
    const read = slices.reduce((sum, slice) => sum + bytesOf(slice.items), 0);
    options.account.spend({ queries: hours.length, read, kept: bytesOf(items) });
    ahead = cut < 0 ? Math.min(MOST_AHEAD, ahead * 2) : 1;
    if (cut >= 0) return { items, stoppedAt: `${hours[cut]}#${slices[cut]!.stoppedAt}` };
    return { items, stoppedAt: `${hours.at(-1)}#` };
  };
}

/** Roughly, what items weigh: nearly all of a heavy one is JSON text. */
function bytesOf(items: readonly Item[]): number {
  let bytes = 0;
  for (const item of items)
    for (const value of Object.values(item)) bytes += typeof value === "string" ? value.length : 8;
  return bytes;
}

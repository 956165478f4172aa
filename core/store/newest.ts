import type { Store } from "./client.ts";
import { type Condition, type Item, queryPage } from "./items.ts";
import type { TableSpec } from "./tables.ts";

/** One page of a listing. `next` is the cursor of the page after it; undefined when this is the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** What one read of a shard gave, newest first. `stoppedAt` is the sort key it read down to; undefined when nothing older is left. */
export interface Slice<T> {
  readonly items: readonly T[];
  readonly stoppedAt: string | undefined;
}

/** Reads up to `count` entries of one shard whose sort keys are less than `before`, newest (greatest) first. It may filter. */
export type Shard<T> = (before: string | undefined, count: number) => Promise<Slice<T>>;

export interface NewestOptions<T> {
  /** An entry's sort key: unique over all shards, ASCII. */
  readonly keyOf: (item: T) => string;
  /** Exclusive; from the newest when undefined. */
  readonly before: string | undefined;
  /** Entries on the page. */
  readonly limit: number;
  /** Entries read, filtered ones included, after which a page is cut short and goes on in the next. */
  readonly budget: number;
}

interface Head<T> {
  readonly shard: Shard<T>;
  buffer: readonly T[];
  at: number;
  /** Everything down to here is in the buffer, or was; undefined before the first read. */
  from: string | undefined;
  ended: boolean;
  ask: number;
}

const MAX_ASK = 1000;

/**
 * The newest entries over all shards, in one order: a k-way merge that never skips nor repeats, also when entries are added
 * meanwhile (they are newer than what was read).
 *
 * An entry is taken once it is newer than all that any shard may still hold unread, so what is taken is always a gapless run.
 *
 * @returns the page's entries, and the sort key to go on `before`; undefined when there is nothing more.
 */
export async function newestAcross<T>(
  shards: readonly Shard<T>[],
  options: NewestOptions<T>,
): Promise<{ items: T[]; stoppedAt: string | undefined }> {
  const { keyOf, before, limit, budget } = options;
  const ask = Math.min(MAX_ASK, Math.ceil(limit / shards.length) + 8);
  const heads = shards.map(
    (shard): Head<T> => ({ shard, buffer: [], at: 0, from: before, ended: false, ask }),
  );
  const items: T[] = [];
  for (let read = 0; ; ) {
    const dry = heads.filter((head) => !head.ended && head.at === head.buffer.length);
    const newest = newestHead(heads, keyOf);
    if (newest && dry.every(({ from }) => from !== undefined && keyOf(newest.buffer[newest.at]!) > from)) {
      // One entry past the page tells that there is a next one.
      if (items.length === limit) return { items, stoppedAt: keyOf(items[limit - 1]!) };
      items.push(newest.buffer[newest.at++]!);
    } else if (dry.length === 0) {
      return { items, stoppedAt: undefined };
    } else if (read >= budget) {
      return { items, stoppedAt: greatest(dry.map(({ from }) => from)) };
    } else {
      read += dry.reduce((sum, head) => sum + head.ask, 0);
      await Promise.all(dry.map(refill));
    }
  }
}

function newestHead<T>(heads: readonly Head<T>[], keyOf: (item: T) => string): Head<T> | undefined {
  let best: Head<T> | undefined;
  for (const head of heads) {
    if (head.at === head.buffer.length) continue;
    if (!best || keyOf(head.buffer[head.at]!) > keyOf(best.buffer[best.at]!)) best = head;
  }
  return best;
}

async function refill<T>(head: Head<T>): Promise<void> {
  const { items, stoppedAt } = await head.shard(head.from, head.ask);
  head.buffer = items;
  head.at = 0;
  head.from = stoppedAt;
  head.ended = stoppedAt === undefined;
  head.ask = Math.min(MAX_ASK, head.ask * 2);
}

function greatest(keys: readonly (string | undefined)[]): string | undefined {
  return keys.reduce((best, key) => (best === undefined || (key !== undefined && key > best) ? key : best));
}

export interface IndexShard {
  /** The index to read; the table itself when absent. */
  readonly index?: string;
  readonly partition: { readonly attribute: string; readonly value: string };
  /** Attribute that sorts; entries are newest when it is greatest. */
  readonly sort: string;
  /** Least sort key that counts, inclusive. */
  readonly since?: string;
  /** What must hold of an item beyond its keys; names and values must not begin with `#key_` or `:key_`. */
  readonly filter?: Condition | undefined;
}

/** A partition of a table or index as a shard of `newestAcross`. */
export function indexShard(store: Store, spec: TableSpec, shard: IndexShard): Shard<Item> {
  const { index, partition, sort, since, filter } = shard;
  return async (before, count) => {
    if (since !== undefined && before !== undefined && before <= since)
      return { items: [], stoppedAt: undefined };
    const bound =
      before !== undefined
        ? " AND #key_s < :key_before"
        : since !== undefined
          ? " AND #key_s >= :key_since"
          : "";
    const page = await queryPage(store, spec, {
      ...(index ? { IndexName: index } : {}),
      KeyConditionExpression: `#key_p = :key_p${bound}`,
      ...(filter ? { FilterExpression: filter.expression } : {}),
      ExpressionAttributeNames: {
        "#key_p": partition.attribute,
        ...(bound ? { "#key_s": sort } : {}),
        ...filter?.names,
      },
      ExpressionAttributeValues: {
        ":key_p": partition.value,
        ...(before !== undefined
          ? { ":key_before": before }
          : since !== undefined
            ? { ":key_since": since }
            : {}),
        ...filter?.values,
      },
      ScanIndexForward: false,
      Limit: count,
    });
    const past = page.items.findIndex((item) => since !== undefined && (item[sort] as string) < since);
    if (past >= 0) return { items: page.items.slice(0, past), stoppedAt: undefined };
    return { items: page.items, stoppedAt: page.next?.[sort] as string | undefined };
  };
}

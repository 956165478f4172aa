import { setTimeout as sleep } from "node:timers/promises";
import { memoryOf, type World } from "../ctx.ts";
import { Unavailable } from "../errors.ts";
import type { Item } from "../store/index.ts";
import { entriesAfter, entryOfStored, newestEntry } from "./items.ts";
import { packBody, unpackEntry } from "./pack.ts";
import { advanced, packSources, shardName } from "./sources.ts";
import { isSure, putAfter, readTail, type Tail } from "./tail.ts";
import type { Change, Draft, LogEntry } from "./types.ts";

/** What a process remembers of the log. */
interface Memory {
  tail: Tail | null;
  /** Whether others wrote since this process did: then the end is read before a put, for a put that is refused costs more than a read. */
  isShared: boolean;
}

/** Bytes of facts, as JSON, that go into one entry: however badly they pack, it stays below DynamoDB's 400 KB. */
const ENTRY_BYTES = 192 * 1024;
const ATTEMPTS = 60;
/** Clocks of several functions differ by less. */
const MAX_SKEW_MS = 60_000;
const KEY = Symbol("event log");

/**
 * Appends what a batch of one shard means, each change once, whatever of the batch was appended before (SPEC E1–E4).
 *
 * @param changes in the shard's order
 * @returns the entries that were written
 * @throws Unavailable when others keep writing; nothing is lost by repeating the batch
 */
export async function append(
  world: World,
  source: { readonly table: string; readonly shard: string },
  changes: readonly Change[],
): Promise<number> {
  if (changes.length === 0) return 0;
  const name = shardName(source.table, source.shard);
  const memory = memoryOf(world, KEY, (): Memory => ({ tail: null, isShared: false }));
  if (memory.isShared) {
    const mine = memory.tail;
    memory.tail = await readTail(world);
    memory.isShared = memory.tail.seq !== mine?.seq;
  }
  let written = 0;
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const known = memory.tail && isSure(memory.tail, world) ? memory.tail : await readTail(world);
    const tail = (memory.tail = known);
    const reached = tail.sources.get(name)?.sequence ?? -1n;
    const fresh = changes.filter(({ sequence }) => sequence > reached);
    const taken = firstEntry(fresh);
    if (taken.length === 0) return written;
    const facts = taken.flatMap((change) => change.facts);
    const swept = [...new Set(taken.flatMap((change) => change.swept ?? []))];
    const now = world.now();
    const sources = advanced(tail.sources, name, taken.at(-1)!.sequence, now);
    const next: Tail = { seq: tail.seq + 1, at: Math.max(now, tail.at), sources };
    const stored = {
      seq: next.seq,
      at: next.at,
      sources: packSources(sources),
      body: packBody(facts, swept),
    };
    if (await putAfter(tail, world, stored)) {
      memory.tail = next;
      written += 1;
      tries = 0;
      continue;
    }
    memory.tail = null;
    memory.isShared = true;
    await sleep(world.random() * Math.min(200, 5 * 2 ** tries));
  }
  throw new Unavailable("Others keep writing to the log; try again.");
}

/** As many of the changes, from the first on, as one entry holds; those at its end that mean nothing wait for one that does. */
function firstEntry(changes: readonly Change[]): readonly Change[] {
  let bytes = 0;
  let count = 0;
  for (const [at, { facts, swept }] of changes.entries()) {
    if (facts.length === 0 && swept === undefined) continue;
    bytes += facts.reduce((sum, fact) => sum + sizeOf(fact), 0) + (swept?.length ?? 0);
    if (bytes > ENTRY_BYTES && count > 0) break;
    count = at + 1;
  }
  return changes.slice(0, count);
}

function sizeOf(fact: Draft): number {
  return Buffer.byteLength(JSON.stringify(fact));
}

/** The log's end: the newest entry's number and time. While there is none, a number and time before any to come. */
export async function head(world: World): Promise<{ readonly seq: number; readonly at: number }> {
  const newest = await newestEntry(world.store);
  if (newest) return { seq: newest.seq, at: newest.at };
  const before = world.now() - MAX_SKEW_MS;
  return { seq: before, at: before };
}

/** Up to `most` entries after a number, in order; fewer where they are large, none when there are none yet. */
export async function readAfter(world: World, seq: number, most: number): Promise<LogEntry[]> {
  return (await entriesAfter(world.store, seq, most)).map(unpackEntry);
}

/**
 * The entry of an image of the events table's stream, with its binary as bytes or, as Lambda has it, in base64; null for none, and for what
 * is no entry.
 */
export function entryOfImage(image: Item | undefined): LogEntry | null {
  const entry = image && entryOfStored(image);
  return entry ? unpackEntry(entry) : null;
}

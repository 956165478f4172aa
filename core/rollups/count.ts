import type { World } from "../ctx.ts";
import { Unavailable } from "../errors.ts";
import { newId } from "../id.ts";
import type { Item } from "../store/index.ts";
import { addFact, emptyCube } from "./cube.ts";
import { type Fact, factOf } from "./fact.ts";
import { type MinutePart, markLate, newestPart, putMinutePart } from "./items.ts";
import { floorTo, HOUR_MS, MINUTE_MS } from "./periods.ts";
import { covers, including } from "./ranges.ts";

/** A record of the requests table's stream: what was inserted, or null for any other change. */
export interface StreamRecord {
  readonly sequence: bigint;
  readonly inserted: Item | null;
}

/** Packed bytes past which a part is left as it is and the next one is begun: it bounds what a batch must write again. */
const FULL_BYTES = 16 * 1024;

/** How long after an hour's end a write to it is taken for late; folds wait longer (SPEC R8). */
export const LATE_AFTER_MS = 5 * MINUTE_MS;

/** Older requests are not counted: the minutes to count them in may be gone (SPEC R11). */
export const COUNTED_FOR_MS = 40 * HOUR_MS;

const ATTEMPTS = 12;

interface Placed {
  readonly sequence: bigint;
  readonly fact: Fact;
}

/**
 * Counts what a run of one shard inserted, each request once, whatever was counted of the run before (SPEC R1–R7).
 *
 * @param records in the shard's order, without holes
 */
export async function count(world: World, shard: string, records: readonly StreamRecord[]): Promise<void> {
  if (records.length === 0) return;
  const run = [records[0]!.sequence, records.at(-1)!.sequence] as const;
  if (records.some(({ sequence }, n) => n > 0 && sequence <= records[n - 1]!.sequence))
    throw new Error("A batch must be a run of its shard, in order.");
  const byMinute = new Map<number, Placed[]>();
  for (const { sequence, inserted } of records) {
    const fact = inserted && factOf(inserted, world.config.MAX_DISTANCE);
    if (inserted && !fact) world.log.error("A stored request can't be counted", { id: inserted.id });
    if (!fact) continue;
    if (fact.madeAt < world.now() - COUNTED_FOR_MS) {
      world.log.error("A request came too late to be counted", { id: inserted.id });
      continue;
    }
    const minute = floorTo(fact.madeAt, MINUTE_MS);
    const placed = byMinute.get(minute) ?? [];
    placed.push({ sequence, fact });
    byMinute.set(minute, placed);
  }
  for (const [minute, placed] of byMinute) await addTo(world, minute, shard, run, placed);
  const hours = new Set([...byMinute.keys()].map((minute) => floorTo(minute, HOUR_MS)));
  for (const hour of hours) {
    if (world.now() >= hour + HOUR_MS + LATE_AFTER_MS) await markLate(world.store, hour, newId(world));
  }
}

async function addTo(
  world: World,
  minute: number,
  shard: string,
  run: readonly [bigint, bigint],
  placed: readonly Placed[],
): Promise<void> {
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const newest = await newestPart(world.store, minute, shard);
    const fresh = newest ? placed.filter(({ sequence }) => !covers(newest.seen, sequence)) : placed;
    if (fresh.length === 0) return;
    const part = partFor(newest, minute, shard);
    for (const { fact } of fresh) addFact(part.cube, fact);
    const next = { ...part, seen: including(part.seen, run) };
    if (await putMinutePart(world.store, next, newId(world))) return;
  }
  throw new Unavailable("Others keep writing the same minute; try again.");
}

/** The part that goes on: the newest, or after a full one the next, which takes over what was seen. */
function partFor(newest: MinutePart | null, minute: number, shard: string): MinutePart {
  if (newest && newest.bytes < FULL_BYTES) return newest;
  const n = newest ? newest.n + 1 : 0;
  return { minute, shard, n, writeId: "", cube: emptyCube(), seen: newest?.seen ?? [], bytes: 0 };
}

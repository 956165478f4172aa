import { memoryOf, type World } from "../ctx.ts";
import { type Held, type Roster, readRoster } from "./items.ts";
import type { Standing } from "./standing.ts";

const FRESH_MS = 5000;
/** The queue's clock and a function's differ by less. */
const MAX_SKEW_MS = 2000;

interface Memory {
  roster: Roster | null;
  /** When the reading began; milliseconds since the epoch. */
  readAt: number;
  reading: Promise<void> | null;
}

const KEY = Symbol("webhooks");
const memoryIn = (world: World) =>
  memoryOf(world, KEY, (): Memory => ({ roster: null, readAt: 0, reading: null }));

/**
 * A webhook as it was at most 5 s ago, or null when it is gone or switched off. Those two are never taken from a reading that is not
 * younger than the delivery (SPEC W7): the webhook may have been made, or switched on, in between.
 *
 * @param sentAt when the delivery was put on the queue; milliseconds since the epoch
 */
export async function activeWebhook(world: World, id: string, sentAt: number): Promise<Held | null> {
  const memory = memoryIn(world);
  if (!memory.roster || world.now() - memory.readAt >= FRESH_MS) await read(world, memory);
  const held = memory.roster!.held.get(id);
  if (held?.webhook.active) return held;
  if (sentAt < memory.readAt - MAX_SKEW_MS) return null;
  await read(world, memory);
  const newest = memory.roster!.held.get(id);
  return newest?.webhook.active ? newest : null;
}

/** What is known of a webhook's standing, from the last reading or from what was written since. */
export function standingKnown(world: World, id: string): Standing | undefined {
  return memoryIn(world).roster?.held.get(id)?.standing;
}

/** Remembers what was written. */
export function rememberStanding(world: World, id: string, standing: Standing): void {
  const memory = memoryIn(world);
  const held = memory.roster?.held.get(id);
  if (!memory.roster || !held) return;
  memory.roster = { ...memory.roster, held: new Map(memory.roster.held).set(id, { ...held, standing }) };
}

/** The next question is answered by a new reading: what is remembered turned out to be old. */
export function forget(world: World): void {
  memoryIn(world).roster = null;
}

/** One reading at a time, which all who ask meanwhile share. */
async function read(world: World, memory: Memory): Promise<void> {
  memory.reading ??= (async () => {
    const readAt = world.now();
    try {
      memory.roster = await readRoster(world.store);
      memory.readAt = readAt;
    } finally {
      memory.reading = null;
    }
  })();
  await memory.reading;
}

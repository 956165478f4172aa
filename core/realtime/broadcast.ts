import { setTimeout as sleep } from "node:timers/promises";
import { memoryOf, type World } from "../ctx.ts";
import { type Broadcaster, begin, readOn } from "./broadcaster.ts";
import { pass } from "./pass.ts";
import type { Peers } from "./peers.ts";
import { MESSAGE_EVERY_MS } from "./replay.ts";

const KEY = Symbol("broadcaster");

/**
 * Sends everybody who listens what is new in the log, in passes a second apart, until there is nothing left to send or the time is up
 * (SPEC R6–R10). Only one may run at a time.
 *
 * @param first the number of the entry that it was woken by
 * @param until milliseconds since the epoch
 */
export async function broadcast(world: World, peers: Peers, first: number, until: number): Promise<void> {
  const memory = memoryOf(world, KEY, (): { broadcaster: Broadcaster | null } => ({ broadcaster: null }));
  const broadcaster = (memory.broadcaster ??= await begin(world, first));
  for (;;) {
    const began = performance.now();
    await readOn(world, broadcaster);
    const isDone = await pass(world, peers, broadcaster, MESSAGE_EVERY_MS);
    if (isDone || world.now() + MESSAGE_EVERY_MS > until) return;
    await sleep(Math.max(0, began + MESSAGE_EVERY_MS - performance.now()));
  }
}

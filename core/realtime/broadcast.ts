import { setTimeout as sleep } from "node:timers/promises";
import { memoryOf, type World } from "../ctx.ts";
import { type Broadcaster, begin, forget, goesBackTo, readOn } from "./broadcaster.ts";
import { MESSAGE_EVERY_MS } from "./courier.ts";
import { pass } from "./pass.ts";
import type { Peers } from "./peers.ts";

const KEY = Symbol("broadcaster");

/**
 * Sends everybody who listens what is new in the log, in passes a second apart, until there is nothing left to send, the time is up, or
 * later entries will wake it again (SPEC R6–R10). Only one may run at a time.
 *
 * @param woken the numbers of the first and the last entry that it was woken by
 * @param until milliseconds since the epoch
 */
export async function broadcast(
  world: World,
  peers: Peers,
  woken: { readonly first: number; readonly last: number },
  until: number,
): Promise<void> {
  const memory = memoryOf(world, KEY, (): { broadcaster: Broadcaster | null } => ({ broadcaster: null }));
  // One that did not read what came right before has stood still while another broadcast that.
  const isOld = memory.broadcaster !== null && memory.broadcaster.head.seq < woken.first - 1;
  if (isOld) memory.broadcaster = null;
  const broadcaster = (memory.broadcaster ??= await begin(world, woken.first));
  for (;;) {
    await sleep(Math.max(0, broadcaster.passedAt + MESSAGE_EVERY_MS - performance.now()));
    await readOn(world, broadcaster);
    const isDone = await pass(world, peers, broadcaster, MESSAGE_EVERY_MS);
    forget(broadcaster, world.now());
    // Whoever is woken next sends what is left, even one that begins anew: as long as it goes back that far.
    const isWokenAgain =
      broadcaster.head.seq > woken.last && goesBackTo(broadcaster, woken.first, world.now());
    if (isDone || isWokenAgain || world.now() + MESSAGE_EVERY_MS > until) return;
  }
}

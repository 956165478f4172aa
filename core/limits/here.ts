import { memoryOf, type World } from "../ctx.ts";
import type { Allowance } from "../errors.ts";
import { allowanceOf, exceeded } from "./allowance.ts";
import { type HereName, herePolicy } from "./policy.ts";

const KEY = Symbol("limits here");
const REMEMBERED = 20_000;

/**
 * Counts in this process alone, without a call: for what comes too often to be written down. Where others count too, one of ours stands for
 * `points` of all (`Inflight.scale`), which makes the limit an estimate, good within the chance of who gets what.
 *
 * @throws LimitExceeded when the window is full; that counts for nothing.
 */
export function takeHere(world: World, name: HereName, key: string, points = 1): Allowance {
  const policy = herePolicy(world.config, name);
  const windows = memoryOf(world, KEY, () => new Map<string, { used: number; endsAt: number }>());
  const now = world.now();
  const id = `${name} ${key}`;
  let open = windows.get(id);
  if (!open || open.endsAt <= now) {
    windows.delete(id);
    // The one that began first goes first.
    if (windows.size >= REMEMBERED) windows.delete(windows.keys().next().value!);
    open = { used: 0, endsAt: now + policy.windowS * 1000 };
    windows.set(id, open);
  }
  // The first of a window always passes, however much it stands for.
  if (open.used > 0 && open.used + points > policy.limit) throw exceeded(policy, open.endsAt, now);
  open.used += points;
  return allowanceOf(policy, open.used, open.endsAt, now);
}

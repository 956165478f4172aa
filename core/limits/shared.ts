import { memoryOf, type World } from "../ctx.ts";
import { type Allowance, Unavailable } from "../errors.ts";
import { allowanceOf, exceeded } from "./allowance.ts";
import * as Items from "./items.ts";
import { type Policy, SHARED, type SharedName } from "./policy.ts";

export interface Take {
  readonly name: SharedName;
  /** Whom it counts for: `callerAt(address)`, an account, an identity. Only its digest is stored. */
  readonly key: string;
  readonly points?: number;
}

const KEY = Symbol("limits");
const REMEMBERED = 5000;
/** How long a process says "full" by itself: short, since what succeeds elsewhere gives back. */
const FULL_MS = 5000;
/** A window may begin, fill and end between two calls; not often. */
const TURNS = 6;

/** What this process knows of a window: when it ends, and until when it need not be asked because it was full. */
interface Known {
  readonly endsAt: number;
  readonly fullUntil: number;
}

/**
 * Takes from a limit that all processes share, before what is limited is done: in parallel no more than the limit pass. One write unit for
 * most takes, two when another process opened the window, none for a caller who was just refused here.
 *
 * @throws LimitExceeded when the window is full, which takes nothing; Unavailable.
 */
export async function take(world: World, { name, key, points = 1 }: Take): Promise<Allowance> {
  const policy: Policy = SHARED[name];
  const id = Items.windowId(name, key);
  const known = memoryOf(world, KEY, () => new Map<string, Known>());
  const now = world.now();
  const held = known.get(id);
  if (held && held.fullUntil > now) throw exceeded(policy, held.endsAt, now);
  let isOpen = held !== undefined && held.endsAt > now;
  for (let turn = 0; turn < TURNS; turn++) {
    const { taken, window } = isOpen
      ? await Items.add(world.store, id, points, now, policy.limit)
      : await Items.begin(world.store, id, points, now, now + policy.windowS * 1000);
    isOpen = window !== null && window.ends_at > now;
    if (taken) {
      remember(known, id, { endsAt: window!.ends_at, fullUntil: 0 });
      return allowanceOf(policy, window!.points, window!.ends_at, now);
    }
    if (isOpen && window!.points + points > policy.limit) {
      remember(known, id, { endsAt: window!.ends_at, fullUntil: Math.min(window!.ends_at, now + FULL_MS) });
      throw exceeded(policy, window!.ends_at, now);
    }
  }
  throw new Unavailable("The limit can't be told at this moment; try again.");
}

/**
 * Takes from several limits, one after the other: where one refuses, the ones after it are left alone. So an address that is refused takes
 * nothing of an account.
 *
 * @returns the one with the least remaining.
 * @throws as `take` does.
 */
export async function takeAll(world: World, takes: readonly [Take, ...Take[]]): Promise<Allowance> {
  let least: Allowance | undefined;
  for (const one of takes) {
    const allowance = await take(world, one);
    if (!least || allowance.remaining < least.remaining) least = allowance;
  }
  return least!;
}

/** Gives back what was taken for something that need not count: a login that succeeded. */
export async function giveBack(world: World, { name, key, points = 1 }: Take): Promise<void> {
  const id = Items.windowId(name, key);
  const known = memoryOf(world, KEY, () => new Map<string, Known>());
  await Items.giveBack(world.store, id, points, world.now());
  const held = known.get(id);
  if (held) known.set(id, { ...held, fullUntil: 0 });
}

function remember(known: Map<string, Known>, id: string, entry: Known): void {
  known.delete(id);
  known.set(id, entry);
  if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
}

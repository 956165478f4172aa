import { memoryOf, type World } from "../ctx.ts";
import { Unavailable } from "../errors.ts";
import { newId } from "../id.ts";
import type { Outcome } from "./attempt.ts";
import { replaceStanding } from "./items.ts";
import { activeWebhook, forget, rememberStanding, standingKnown } from "./roster.ts";
import { hopelessness, isDue, joined, settled, type Tally, tallied } from "./standing.ts";
import { switchOff } from "./switch-off.ts";

/** What a batch of deliveries came to, in the order in which they ended. */
export interface Noted {
  readonly webhook_id: string;
  readonly outcome: Outcome;
}

const KEY = Symbol("webhook tallies");

/**
 * Adds outcomes to what is known of their webhooks, writes what is due (SPEC W9), and switches off what is beyond hope (SPEC W6). A store
 * that can't be reached costs these counts and no delivery.
 */
export async function note(world: World, outcomes: readonly Noted[]): Promise<void> {
  const tallies = memoryOf(world, KEY, () => new Map<string, Tally>());
  for (const { webhook_id, outcome } of outcomes) {
    tallies.set(webhook_id, tallied(tallies.get(webhook_id), outcome, world.now()));
  }
  const touched = new Set(outcomes.map(({ webhook_id }) => webhook_id));
  await Promise.all([...touched].map((id) => settle(world, tallies, id)));
}

async function settle(world: World, tallies: Map<string, Tally>, id: string): Promise<void> {
  const tally = tallies.get(id);
  const before = standingKnown(world, id);
  const now = world.now();
  if (!tally || !before || !isDue(before, tally, now)) return;
  tallies.delete(id);
  const after = settled(before, tally, now);
  try {
    if (!(await replaceStanding(world.store, id, before, after, newId(world)))) {
      // Another process wrote, or the webhook is gone: what it was is read before the next write.
      tallies.set(id, joined(tally, tallies.get(id)));
      forget(world);
      return;
    }
    rememberStanding(world, id, after);
    const reason = hopelessness(after, now);
    const held = reason === null ? null : await activeWebhook(world, id, 0);
    if (held && reason !== null) await switchOff(world, held.webhook, reason);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    world.log.warn("How deliveries go could not be written", { webhook_id: id, error });
  }
}

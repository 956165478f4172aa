import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../ctx.ts";
import { Events, type Fact, type LogEntry } from "../events/index.ts";
import { iso } from "../id.ts";
import { type Connection, listen } from "./items.ts";
import { wants } from "./matching.ts";
import { coalesced, MAX_MESSAGE_BYTES, pack, snapshotRequired, textOf } from "./message.ts";
import type { Peers } from "./peers.ts";
import type { Subscription } from "./schema.ts";

/** Entries that are read at a time. */
const PAGE = 50;
/** Messages, one a second, in which a client must have caught up; a function has 29 s. */
const MAX_MESSAGES = 20;
export const MESSAGE_EVERY_MS = 1000;

/**
 * Sends a connection what it missed after a cursor, a message a second, and lets it be broadcast to from where that ends (SPEC R5). One that
 * missed more than twenty messages hold is told to take a snapshot.
 *
 * @returns false when it did not take a message: nothing is broadcast to it then.
 */
export async function replay(
  world: World,
  peers: Peers,
  connection: Connection,
  subscription: Subscription,
  after: string,
): Promise<boolean> {
  const place = Events.placeOf(after)!;
  // The entry of an event that was seen may hold others that were not.
  let reached = after === Events.endOf(place) ? place.seq : place.seq - 1;
  let live_after = after;
  let pending: Fact[] = [];
  let sent = 0;
  let sentAt = 0;
  for (;;) {
    const entries: LogEntry[] = await Events.readAfter(world, reached, PAGE);
    const last = entries.at(-1);
    if (last) {
      reached = last.seq;
      live_after = Events.endOf(last);
    }
    const missed = entries.flatMap(({ facts }) => facts).filter((fact) => fact.id > after);
    pending = coalesced([...pending, ...missed.filter((fact) => wants(subscription, fact))]);
    if (entries.length > 0 && bytesOf(pending) < MAX_MESSAGE_BYTES) continue;
    if (pending.length === 0) break;
    if (sent === MAX_MESSAGES) {
      const head = await Events.head(world);
      const told = await peers.post(
        connection.id,
        snapshotRequired(head, iso(world.now()), "too_far_behind"),
      );
      if (told !== "sent") return false;
      live_after = Events.endOf(head);
      break;
    }
    if (sent > 0) await sleep(Math.max(0, sentAt + MESSAGE_EVERY_MS - performance.now()));
    const message = pack(pending);
    sentAt = performance.now();
    if ((await peers.post(connection.id, message.text!)) !== "sent") return false;
    sent += 1;
    pending = pending.slice(message.count);
  }
  const ready_at = sent === 0 ? 0 : world.now() + MESSAGE_EVERY_MS;
  const { id, generation } = connection;
  await listen(world.store, connection, { id, generation, subscription, live_after, ready_at });
  return true;
}

function bytesOf(facts: readonly Fact[]): number {
  return facts.reduce((bytes, fact) => bytes + Buffer.byteLength(textOf(fact)) + 1, 0);
}

import type { World } from "../ctx.ts";
import { Events, type Fact } from "../events/index.ts";
import { iso } from "../id.ts";
import { MESSAGE_EVERY_MS, openCourier } from "./courier.ts";
import { type Connection, listen } from "./items.ts";
import { wants } from "./matching.ts";
import { coalesced, MAX_MESSAGE_BYTES, pack, snapshotRequired, textOf } from "./message.ts";
import type { Peers } from "./peers.ts";
import type { Subscription } from "./schema.ts";

/** Entries that are read at a time. */
const PAGE = 50;

/**
 * Sends a connection what it missed after a cursor, a message a second, and lets it be broadcast to from where that ends (SPEC R5). One that
 * missed more than twenty messages hold, or takes too long over them, is told to take a snapshot.
 *
 * @returns false when it did not take a message, and must be ended.
 */
export async function replay(
  world: World,
  peers: Peers,
  connection: Connection,
  subscription: Subscription,
  after: string,
): Promise<boolean> {
  const courier = openCourier(world, peers, connection);
  const missed = openMissed(world, subscription, after);
  for (;;) {
    await missed.readOn();
    if (missed.pending.length === 0) break;
    const carried = await courier.carry(courier.isSpent ? await missed.giveUp() : missed.take());
    if (carried !== "sent") return carried === "over";
  }
  const { id, generation } = connection;
  const ready_at = courier.sent === 0 ? 0 : world.now() + MESSAGE_EVERY_MS;
  const listener = { id, generation, subscription, live_after: missed.reached, ready_at };
  if (!(await listen(world.store, connection, listener))) return true;
  // Who broadcast until now had not found it in the list, and may not look again for as long as nothing is for it.
  for (let isEnd = false; ; ) {
    isEnd ||= await missed.readOn();
    if (missed.pending.length === 0) return true;
    const carried = await courier.carry(courier.isSpent ? await missed.giveUp() : missed.take());
    if (carried !== "sent") return carried === "over";
  }
}

interface Missed {
  /** What was read and not taken, in order. */
  readonly pending: readonly Fact[];
  /** The id up to which the log was read. */
  readonly reached: string;
  /** Reads on until there is enough for a message. @returns whether the log ended. */
  readOn(): Promise<boolean>;
  /** The next message. */
  take(): string;
  /** Goes to the log's end. @returns the message that says so. */
  giveUp(): Promise<string>;
}

function openMissed(world: World, subscription: Subscription, after: string): Missed {
  const place = Events.placeOf(after)!;
  // The entry of an event that was seen may hold others that were not.
  let seq = after === Events.endOf(place) ? place.seq : place.seq - 1;
  let reached = after;
  let pending: readonly Fact[] = [];
  return {
    get pending() {
      return pending;
    },
    get reached() {
      return reached;
    },
    async readOn() {
      while (bytesOf(pending) < MAX_MESSAGE_BYTES) {
        const entries = await Events.readAfter(world, seq, PAGE);
        const last = entries.at(-1);
        if (!last) return true;
        seq = last.seq;
        reached = Events.endOf(last);
        const facts = entries.flatMap((entry) => entry.facts);
        const wanted = facts.filter((fact) => fact.id > after && wants(subscription, fact));
        pending = coalesced([...pending, ...wanted]);
      }
      return false;
    },
    take() {
      const { text, count } = pack(pending);
      pending = pending.slice(count);
      return text!;
    },
    async giveUp() {
      const head = await Events.head(world);
      seq = head.seq;
      reached = Events.endOf(head);
      pending = [];
      return snapshotRequired(head, iso(world.now()), "too_far_behind");
    },
  };
}

function bytesOf(facts: readonly Fact[]): number {
  return facts.reduce((bytes, fact) => bytes + Buffer.byteLength(textOf(fact)) + 1, 0);
}

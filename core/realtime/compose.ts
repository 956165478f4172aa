import type { World } from "../ctx.ts";
import { type Event, Events, type Fact } from "../events/index.ts";
import { iso } from "../id.ts";
import { type Broadcaster, firstAfter, later, type Peer, type Rhythm } from "./broadcaster.ts";
import type { Listener } from "./items.ts";
import { signatureOf, wants, wantsReadings } from "./matching.ts";
import { coalesced, MAX_MESSAGE_BYTES, pack, snapshotRequired, textOf } from "./message.ts";
import { takeReadings } from "./readings.ts";
import { fill, mayRead, maySend, newRhythm, spend } from "./rhythm.ts";
import type { Subscription } from "./schema.ts";

const CHATTER: ReadonlySet<string> = new Set(["route_request", "request_completed"]);

/** Passes are a second apart, by a clock that is not this one. */
const SECOND_MS = 900;
const MAX_BEHIND_MS = 20_000;
const MAX_BEHIND_BYTES = 8 * MAX_MESSAGE_BYTES;

/** A message, and what is known once it has arrived. */
export interface Sending {
  readonly text: string;
  /** The id up to which its receiver then has everything. */
  readonly sentTo: string;
  /** Whether that is every fact there is. */
  readonly isWhole: boolean;
}

/** What those of one subscription that were sent equally much are owed. */
interface Owed {
  readonly facts: readonly Fact[];
  readonly bytes: number;
  readonly isUrgent: boolean;
}

/** What of the chatter those of one subscription may be sent in this pass. */
interface Due {
  readonly routes: boolean;
  readonly readings: boolean;
}

const none = Promise.resolve([]);

type Composed = Sending | "later" | "nothing";

/** Makes a pass's messages: for each listener one, made once for all who ask for the same and have been sent the same. */
export function openComposer(
  world: World,
  broadcaster: Broadcaster,
  listeners: readonly Listener[],
  swept: ReadonlySet<string>,
): (listener: Listener, peer: Peer, now: number) => Promise<Composed> {
  const rhythms = keepRhythms(broadcaster, listeners, swept);
  const due = new Map<string, Due>();
  const owing = new Map<string, Owed>();
  const messages = new Map<string, Promise<Composed>>();
  const readings = new Map<string, Promise<readonly Event[]>>();
  const end = Events.endOf(broadcaster.head);

  function owedTo(subscription: Subscription, sentTo: string): Owed {
    const unsent = broadcaster.facts.slice(firstAfter(broadcaster.facts, sentTo));
    const facts = coalesced(unsent.filter((fact) => wants(subscription, fact)));
    const bytes = facts.reduce((sum, fact) => sum + Buffer.byteLength(textOf(fact)) + 1, 0);
    return { facts, bytes, isUrgent: facts.some(({ type }) => !CHATTER.has(type)) };
  }

  function isTooFarBehind({ bytes }: Owed, { behindSince, sentTo }: Peer, now: number): boolean {
    if (bytes > MAX_BEHIND_BYTES || sentTo < broadcaster.from) return true;
    return behindSince !== undefined && now - behindSince > MAX_BEHIND_MS;
  }

  async function make(subscription: Subscription, owed: Owed, after: string): Promise<Composed> {
    const signature = signatureOf(subscription);
    const { text, count, room } = pack(owed.facts);
    if (count < owed.facts.length) return { text: text!, sentTo: owed.facts[count - 1]!.id, isWhole: false };
    const rhythm = rhythms.get(signature)!;
    const taken =
      readings.get(signature) ??
      // Where a message goes out anyway, they take what room is left.
      (rhythm.cells.size > 0 ? takeReadings(world, broadcaster, rhythm, subscription, room) : none);
    readings.set(signature, taken);
    // Taken for the room that another's message had: what does not fit here must not displace what does.
    const all = [...owed.facts, ...(await taken)];
    const whole = pack(coalesced(all.slice(0, pack(all).count)));
    return whole.text === null ? "nothing" : { text: whole.text, sentTo: later(end, after), isWhole: true };
  }

  return async ({ subscription }, peer, now) => {
    const signature = signatureOf(subscription);
    const rhythm = rhythms.get(signature)!;
    const group = `${signature}\n${peer.sentTo}`;
    const owed = owing.get(group) ?? owedTo(subscription, peer.sentTo);
    owing.set(group, owed);
    const may = due.get(signature) ?? dueNow(rhythm, now);
    due.set(signature, may);
    const isLost = peer.sentTo < broadcaster.from;
    if (owed.facts.length === 0 && !may.readings && !isLost) {
      peer.sentTo = later(end, peer.sentTo);
      peer.behindSince = undefined;
      return "nothing";
    }
    // What found no room or did not arrive goes on with the next pass, chatter or not.
    const isDue = owed.isUrgent || peer.behindSince !== undefined || isLost || may.routes || may.readings;
    if (now - peer.lastSentAt < SECOND_MS || !isDue) return "later";
    if (isTooFarBehind(owed, peer, now)) {
      const text = snapshotRequired(broadcaster.head, iso(now), "too_far_behind");
      return { text, sentTo: later(end, peer.sentTo), isWhole: true };
    }
    const held = messages.get(group);
    if (held) return held;
    // One token for all who share the message; what is urgent costs none, and takes chatter along.
    if (!owed.isUrgent) spend(rhythm);
    const made = make(subscription, owed, peer.sentTo);
    messages.set(group, made);
    return made;
  };
}

function dueNow(rhythm: Rhythm, now: number): Due {
  fill(rhythm, now);
  return { routes: maySend(rhythm), readings: rhythm.cells.size > 0 && mayRead(rhythm) };
}

/** The rhythm of each subscription that is listened by, with what was swept of its cells; those of nobody are forgotten. */
function keepRhythms(
  { rhythms }: Broadcaster,
  listeners: readonly Listener[],
  swept: ReadonlySet<string>,
): Map<string, Rhythm> {
  const present = new Map(listeners.map(({ subscription }) => [signatureOf(subscription), subscription]));
  for (const [signature, subscription] of present) {
    const rhythm = rhythms.get(signature) ?? newRhythm();
    rhythms.set(signature, rhythm);
    for (const cell of swept) {
      if (!rhythm.cells.has(cell) && wantsReadings(subscription, cell)) rhythm.cells.set(cell, 0);
    }
  }
  for (const [signature, { cells }] of rhythms) {
    if (!present.has(signature)) cells.clear();
  }
  return rhythms;
}

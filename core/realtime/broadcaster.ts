import type { World } from "../ctx.ts";
import { Events, type Fact, type LogEntry } from "../events/index.ts";
import type { Listener } from "./items.ts";

/** What is known of a connection that was sent to. */
export interface Peer {
  readonly generation: number;
  /** The id up to which everything it wants was sent. */
  sentTo: string;
  /** Milliseconds since the epoch; 0 for never. */
  lastSentAt: number;
  isSending: boolean;
  /** Failures in a row. */
  failures: number;
  /** Since when a message did not bring it to the log's end (ms since the epoch); undefined while it lacks nothing but chatter. */
  behindSince: number | undefined;
  /** When it was last looked up. */
  seenAt: number;
}

/** What those of one subscription share: how much chatter they may be sent, and whose readings they are still to get. */
export interface Rhythm {
  /** A bucket of tokens, one for each message of chatter. */
  tokens: number;
  /** Milliseconds since the epoch, when tokens were last added. */
  filledAt: number;
  /** Cells that were swept, the longest waiting first, each with how many of its nodes were told already. */
  readonly cells: Map<string, number>;
}

/** What a process that broadcasts knows. All of it can be lost (SPEC R9). */
export interface Broadcaster {
  /** The newest facts, in order; everything after `from`. */
  facts: Fact[];
  /** The end of the last entry before those. */
  from: string;
  head: { seq: number; at: number };
  /** The end of the log when everybody was last looked up who wants what was in it. */
  passed: string;
  /** Types that somebody may still have to be sent. */
  readonly owed: Set<string>;
  /** Cells that were swept since the last pass. */
  swept: Set<string>;
  readonly peers: Map<string, Peer>;
  /** By the subscription's signature. */
  readonly rhythms: Map<string, Rhythm>;
  /** The last flip of each node, lately, by its id. */
  readonly flips: Map<unknown, { readonly status: unknown; readonly at: number }>;
  /** Readings that were given an id at the present head. */
  readingsAtHead: number;
}

/** How far back a new broadcaster sends again, and within which a connection may be found new. */
const LOOKBACK_MS = 30_000;
const LOOKBACK_ENTRIES = 300;
/** Facts that are held: some 40 MB at their usual size. Who is further behind than that takes a snapshot. */
const MAX_FACTS = 20_000;
const HELD_MS = 90_000;
const PAGE = 100;

/** A broadcaster that knows nothing but the log since half a minute before an entry. */
export async function begin(world: World, first: number): Promise<Broadcaster> {
  const since = world.now() - LOOKBACK_MS;
  let last = { seq: first - 1 - LOOKBACK_ENTRIES, at: 0 };
  search: for (;;) {
    const entries = await Events.readAfter(world, last.seq, PAGE);
    if (entries.length === 0) break;
    for (const { seq, at } of entries) {
      if (seq >= first || at >= since) break search;
      last = { seq, at };
    }
  }
  return {
    facts: [],
    from: Events.endOf(last),
    head: last,
    passed: Events.endOf(last),
    owed: new Set(),
    swept: new Set(),
    peers: new Map(),
    rhythms: new Map(),
    flips: new Map(),
    readingsAtHead: 0,
  };
}

/** Reads what came into the log since the last pass, and forgets what is long over and was passed on. */
export async function readOn(world: World, broadcaster: Broadcaster): Promise<void> {
  for (;;) {
    const entries = await Events.readAfter(world, broadcaster.head.seq, PAGE);
    for (const entry of entries) take(broadcaster, entry);
    if (entries.length === 0) break;
  }
  forget(broadcaster, world.now());
}

function take(broadcaster: Broadcaster, { seq, at, facts, swept }: LogEntry): void {
  broadcaster.head = { seq, at };
  broadcaster.readingsAtHead = 0;
  broadcaster.facts.push(...facts);
  for (const cell of swept) broadcaster.swept.add(cell);
  for (const { type, at: flippedAt, data } of facts) {
    broadcaster.owed.add(type);
    if (type === "node_health_updated") {
      broadcaster.flips.set(data.id, { status: data.status, at: Date.parse(flippedAt) });
    }
  }
}

function forget(broadcaster: Broadcaster, now: number): void {
  const { facts, flips, peers } = broadcaster;
  const tooMany = Math.max(0, facts.length - MAX_FACTS);
  const tooOld = firstAfter(facts, Events.eventId({ at: Math.max(0, now - HELD_MS), seq: 0, index: 0 }));
  const drop = Math.min(Math.max(tooMany, tooOld), firstAfter(facts, broadcaster.passed));
  if (drop > 0) {
    broadcaster.from = facts[drop - 1]!.id;
    broadcaster.facts = facts.slice(drop);
  }
  for (const [node, { at }] of flips) if (at < now - HELD_MS) flips.delete(node);
  for (const [id, { seenAt }] of peers) if (seenAt < now - 3 * 3_600_000) peers.delete(id);
}

/** What is known of a listener; one that is new, or subscribed anew, begins after its `live_after` (SPEC R5, R9). */
export function peerOf(broadcaster: Broadcaster, listener: Listener, now: number): Peer {
  const known = broadcaster.peers.get(listener.id);
  if (known?.generation === listener.generation) {
    known.seenAt = now;
    // It had all there was when it was last looked up, and was not looked up since because nothing was for it.
    const lacksNothing = known.behindSince === undefined && !known.isSending;
    if (lacksNothing && known.sentTo < broadcaster.from) known.sentTo = broadcaster.from;
    return known;
  }
  const { generation, live_after } = listener;
  const sentTo = live_after > broadcaster.from ? live_after : broadcaster.from;
  const made: Peer = {
    generation,
    sentTo,
    lastSentAt: 0,
    isSending: false,
    failures: 0,
    behindSince: undefined,
    seenAt: now,
  };
  broadcaster.peers.set(listener.id, made);
  return made;
}

/** The place of the first fact after an id; facts are in the order of their ids. */
export function firstAfter(facts: readonly Fact[], id: string): number {
  let low = 0;
  let high = facts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (facts[middle]!.id > id) high = middle;
    else low = middle + 1;
  }
  return low;
}

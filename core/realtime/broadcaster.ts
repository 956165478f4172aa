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
  /** Whether facts that it asked for may be after `sentTo`, waiting for their rhythm or for an answer. */
  isOwed: boolean;
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
  /** The newest entries, in order. Times in ms since the epoch. */
  entries: { readonly seq: number; readonly at: number }[];
  /** When the last pass began that sent anything, or left anything, by the clock of `performance.now`. */
  passedAt: number;
  /** The end of the log when everybody was last looked up who wants what was in it. */
  passed: string;
  /** Types that somebody may still have to be sent. */
  readonly owed: Set<string>;
  /** Cells that were swept since the last pass. */
  swept: Set<string>;
  readonly peers: Map<string, Peer>;
  /** By the subscription's signature. */
  readonly rhythms: Map<string, Rhythm>;
  /** What facts lately said of each node's status, by its id; undefined for one that was deleted. Times in ms since the epoch. */
  readonly statuses: Map<
    unknown,
    { readonly status: unknown; readonly at: number; readonly loggedAt: number }
  >;
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
  const earliest = { seq: first - 1 - LOOKBACK_ENTRIES, at: 0 };
  const before = [earliest];
  while (before.at(-1)!.seq < first) {
    const entries = await Events.readAfter(world, before.at(-1)!.seq, PAGE);
    if (entries.length === 0) break;
    for (const { seq, at } of entries) before.push({ seq, at });
  }
  const woken = before.find(({ seq }) => seq >= first) ?? before.at(-1)!;
  const last = before.findLast(({ seq, at }) => seq < first && at < woken.at - LOOKBACK_MS) ?? earliest;
  return {
    facts: [],
    from: Events.endOf(last),
    head: last,
    entries: [],
    passedAt: Number.NEGATIVE_INFINITY,
    passed: Events.endOf(last),
    owed: new Set(),
    swept: new Set(),
    peers: new Map(),
    rhythms: new Map(),
    statuses: new Map(),
    readingsAtHead: 0,
  };
}

/** Reads what came into the log since the last pass: of a log that ran far ahead the newest. */
export async function readOn(world: World, broadcaster: Broadcaster): Promise<void> {
  for (;;) {
    const entries = await Events.readAfter(world, broadcaster.head.seq, PAGE);
    if (entries.length === 0) return;
    for (const entry of entries) take(broadcaster, entry);
    drop(broadcaster, broadcaster.facts.length - MAX_FACTS);
  }
}

function take(broadcaster: Broadcaster, { seq, at, facts, swept }: LogEntry): void {
  broadcaster.head = { seq, at };
  broadcaster.entries.push({ seq, at });
  broadcaster.readingsAtHead = 0;
  broadcaster.facts.push(...facts);
  for (const cell of swept) broadcaster.swept.add(cell);
  for (const { type, at: madeAt, data } of facts) {
    broadcaster.owed.add(type);
    if (type.startsWith("node_")) {
      broadcaster.statuses.set(data.id, { status: data.status, at: Date.parse(madeAt), loggedAt: at });
    }
  }
}

/** Forgets what is long over and was passed on. */
export function forget(broadcaster: Broadcaster, now: number): void {
  const { facts, statuses, peers, rhythms } = broadcaster;
  const tooOld = firstAfter(facts, Events.eventId({ at: Math.max(0, now - HELD_MS), seq: 0, index: 0 }));
  drop(broadcaster, Math.min(tooOld, firstAfter(facts, broadcaster.passed)));
  broadcaster.entries = broadcaster.entries.filter(({ at }) => at >= now - HELD_MS);
  for (const [node, { loggedAt }] of statuses) if (loggedAt < now - HELD_MS) statuses.delete(node);
  for (const [id, { seenAt }] of peers) if (seenAt < now - 3 * 3_600_000) peers.delete(id);
  // After so long its bucket is full, as a new one's is.
  for (const [signature, { cells, filledAt }] of rhythms) {
    if (cells.size === 0 && filledAt < now - HELD_MS) rhythms.delete(signature);
  }
}

function drop(broadcaster: Broadcaster, count: number): void {
  if (count <= 0) return;
  broadcaster.from = broadcaster.facts[count - 1]!.id;
  broadcaster.facts = broadcaster.facts.slice(count);
}

/** Whether a broadcaster that begins anew with an entry of now, or one before, sends an entry of this number again (SPEC R9). */
export function goesBackTo({ entries }: Broadcaster, seq: number, now: number): boolean {
  const entry = entries.find((one) => one.seq === seq);
  return entry !== undefined && entry.at > now - LOOKBACK_MS;
}

/** What is known of a listener; one that is new, or subscribed anew, begins after its `live_after` (SPEC R5, R9). */
export function peerOf(broadcaster: Broadcaster, listener: Listener, now: number): Peer {
  const known = broadcaster.peers.get(listener.id);
  // What was dropped before everybody was looked up who wants it was passed on to nobody.
  const settled = broadcaster.from < broadcaster.passed ? broadcaster.from : broadcaster.passed;
  if (known?.generation === listener.generation) {
    known.seenAt = now;
    // It had all there was when it was last looked up, and was not looked up since because nothing was for it.
    if (!known.isOwed) known.sentTo = later(known.sentTo, settled);
    return known;
  }
  const { generation, live_after } = listener;
  const sentTo = later(live_after, settled);
  const made: Peer = {
    generation,
    sentTo,
    lastSentAt: 0,
    isSending: false,
    failures: 0,
    behindSince: undefined,
    isOwed: true,
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

/** The one of two ids that is later in the log. */
export function later(one: string, other: string): string {
  return one > other ? one : other;
}

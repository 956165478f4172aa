import type { FleetRate, RouterReport } from "./fleet.ts";
import { freshTrack, noteOutcome, slotOf, type Track, turnTo } from "./track.ts";

/** The sends of one router, in its memory: a track per node it has looked at, and its own rate. */
export interface Inflight {
  readonly born: number;
  readonly tracks: Map<string, Track>;
  readonly maxTracks: number;
  /** All sends so far; also the turn of `round-robin`. */
  sends: number;
  /** Own sends, each fading with `RATE_SECONDS`, as of `recentAt`. */
  recent: number;
  recentAt: number;
  reportedSends: number;
  reportedAt: number;
}

const RATE_SECONDS = 60;
/** Sends at the average router's rate that a new router is taken to have made, until it knows its own rate. */
const PRIOR_SENDS = 4;
/** A router that is hardly used knows its own share badly: its sends count for at most this many average ones. */
const MOST_SHARES = 4;

/** An empty record of sends. It keeps at most `maxTracks` nodes (400 bytes each), forgetting those not looked at longest. */
export function empty(now: number, maxTracks = 4096): Inflight {
  return {
    born: now,
    tracks: new Map(),
    maxTracks,
    sends: 0,
    recent: 0,
    recentAt: now,
    reportedSends: 0,
    reportedAt: now,
  };
}

/** The track of a node, made at first sight. When all are taken, the one not looked at for longest of eight makes room. */
export function trackOf(inflight: Inflight, nodeId: string, now: number): Track {
  let track = inflight.tracks.get(nodeId);
  if (track === undefined) {
    if (inflight.tracks.size >= inflight.maxTracks) forgetOne(inflight);
    track = freshTrack(now);
    inflight.tracks.set(nodeId, track);
  }
  track.seenAt = now;
  return track;
}

/** Looks at the eight oldest entries, forgets the stalest and moves the others to the end: each gets its turn. */
function forgetOne(inflight: Inflight): void {
  const { tracks } = inflight;
  let stalest: string | undefined;
  let seenAt = Number.POSITIVE_INFINITY;
  let looked = 0;
  for (const [id, track] of tracks) {
    if (looked++ === 8) break;
    if (track.seenAt < seenAt) {
      stalest = id;
      seenAt = track.seenAt;
    }
  }
  for (const [id, track] of tracks) {
    if (looked-- <= 1) break;
    tracks.delete(id);
    if (id !== stalest) tracks.set(id, track);
  }
}

/** A client was sent to this node, or a request is being forwarded to it: from now on it counts as in flight. */
export function recordSend(inflight: Inflight, nodeId: string, now: number): void {
  const track = trackOf(inflight, nodeId, now);
  const slot = turnTo(track, now);
  track.sent[slot]! += 1;
  track.open[slot]! += 1;
  track.longRun += 1;
  inflight.sends += 1;
  track.turn = inflight.sends;
  inflight.recent = inflight.recent * fade(now - inflight.recentAt, RATE_SECONDS) + 1;
  inflight.recentAt = now;
}

/**
 * A request forwarded at `sentAt` was answered well, so it is no longer in flight. Clients sent on their own way have no
 * known end: theirs is estimated from the mean session.
 */
export function recordEnd(inflight: Inflight, nodeId: string, sentAt: number, now: number): void {
  const track = trackOf(inflight, nodeId, now);
  const slot = slotOf(track, sentAt);
  if (slot !== undefined) track.open[slot] = Math.max(0, track.open[slot]! - 1);
  noteOutcome(track, 0, now);
}

/** An attempt failed. Its send keeps counting, so that failing fast never looks like capacity becoming free. */
export function recordFailure(inflight: Inflight, nodeId: string, now: number): void {
  noteOutcome(trackOf(inflight, nodeId, now), 1, now);
}

/** What to publish: the sends since the last report. */
export function report(inflight: Inflight, now: number): RouterReport {
  const sends = inflight.sends - inflight.reportedSends;
  const seconds = (now - inflight.reportedAt) / 1000;
  inflight.reportedSends = inflight.sends;
  inflight.reportedAt = now;
  return { sends, seconds };
}

/**
 * How many sends of the whole fleet one send of this router stands for: the fleet's rate over its own (the platform does
 * not spread requests evenly over instances), leaning to the number of routers while its own rate is little known.
 */
export function scale(inflight: Inflight, fleet: FleetRate | undefined, now: number): number {
  if (fleet === undefined) return 1;
  const lived = 1 - fade(now - inflight.born, RATE_SECONDS);
  const expected = fleet.routesPerSecond * RATE_SECONDS * lived + PRIOR_SENDS * fleet.routers;
  const own = inflight.recent * fade(now - inflight.recentAt, RATE_SECONDS) + PRIOR_SENDS;
  return Math.min(1 + MOST_SHARES * (fleet.routers - 1), Math.max(1, expected / own));
}

/** What is left of 1 after `ms` when it fades with the time constant `seconds`. */
export function fade(ms: number, seconds: number): number {
  return Math.exp(-Math.max(0, ms) / (seconds * 1000));
}

import type { Candidate, Env } from "./candidate.ts";
import { fade, scale, trackOf } from "./inflight.ts";
import { clamp, type LoadTerms, loadTerms, share, slope, steepness } from "./load.ts";
import { failureShare, sentSince, type Track } from "./track.ts";

/** A candidate's load as it is believed to be now. */
export interface Assessed<C extends Candidate> {
  readonly candidate: C;
  /** Estimated connections now: what is left of those observed, and what was sent since. */
  readonly connections: number;
  /** `connections` over capacity; above 1 when overfull. */
  readonly use: number;
  readonly load: LoadTerms;
  /** 0–1: the share of recent attempts that failed. */
  readonly penalty: number;
  /** What the usual load adds or takes, in terms of the load score: see `leanAll`. */
  lean: number;
  /** For `round-robin`. */
  readonly turn: number;
  /** Random, to break ties. */
  readonly draw: number;
  /** What one share of the connections adds to the load score. */
  readonly steepness: number;
  readonly usual: number;
}

/** Sweeps by which an observation is smoothed: a node's usual load is that of the last minute and a half. */
const USUAL_SECONDS = 90;
const LONG_RUN_SESSIONS = 10;
const LONG_RUN_WEIGHT = 0.3;
/** An observation younger than this is trusted, the more the younger. */
const FRESH_MS = 10_000;

/**
 * Assesses every candidate. Updates what the tracks know of the nodes' usual load, and counts no send.
 *
 * Why so (herding bench, peak over mean, 20 routers and 20 nodes on a map, sessions of 10 s): the lowest score of figures as
 * observed 2.79, a random one of the k 1.47, this 1.20. Cpu and memory are brought forward along with the connections: left
 * as observed they outweigh every estimate (on another map, without the lean, 2.32 against 1.27). Drawing at random among
 * near-equals was tried there too: by noise as wide as the doubt it was no better (1.28), and in proportion to how the whole
 * fleet would spread it was worse (1.30).
 */
export function assess<C extends Candidate>(candidates: readonly C[], env: Env): Assessed<C>[] {
  const stands = scale(env.inflight, env.fleet, env.now);
  const sessionMs = (env.fleet?.sessionSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const assessed = candidates.map((candidate) => assessOne(candidate, env, stands, sessionMs));
  leanAll(assessed, Math.min(stands, env.fleet?.routers ?? 1), env.now);
  return assessed;
}

function assessOne<C extends Candidate>(
  candidate: C,
  env: Env,
  stands: number,
  sessionMs: number,
): Assessed<C> {
  const { now } = env;
  const { observedAt, activeConnections } = candidate;
  const capacity = atLeastOne(candidate.capacity);
  const track = trackOf(env.inflight, candidate.id, now);
  // A node that reports no connections has only its sends to be judged by, whenever it was seen.
  const since = activeConnections === undefined ? 0 : observedAt;
  const observed = activeConnections ?? 0;
  const left = observed * Math.exp(-Math.max(0, now - observedAt) / sessionMs);
  const connections = left + sentSince(track, since, now, stands - 1, sessionMs);
  const observedUse = observed / capacity;
  const use = connections / capacity;
  const cpuSlope = slope(candidate.cpuUsage, observedUse);
  const memorySlope = slope(candidate.memoryUsage, observedUse);
  const change = use - observedUse;
  return {
    candidate,
    connections,
    use,
    load: loadTerms(
      share(candidate.cpuUsage) + cpuSlope * change,
      share(candidate.memoryUsage) + memorySlope * change,
      use,
    ),
    penalty: failureShare(track, now),
    lean: 0,
    turn: track.turn,
    draw: env.random(),
    steepness: steepness(cpuSlope, memorySlope),
    usual: usualLoad(track, candidate, now, stands, sessionMs) / capacity,
  };
}

/** A node's long-run load: its observations smoothed, and a part of what it was sent over ten sessions. */
function usualLoad(
  track: Track,
  candidate: Candidate,
  now: number,
  stands: number,
  sessionMs: number,
): number {
  const { observedAt, activeConnections } = candidate;
  if (activeConnections !== undefined && observedAt > track.usualAt) {
    const kept = track.usualAt === 0 ? 0 : fade(observedAt - track.usualAt, USUAL_SECONDS);
    track.usual = kept * track.usual + (1 - kept) * activeConnections;
    track.usualAt = observedAt;
  }
  track.longRun *= Math.exp(-Math.max(0, now - track.longRunAt) / (LONG_RUN_SESSIONS * sessionMs));
  track.longRunAt = now;
  return track.usual + (Number.isFinite(sessionMs) ? LONG_RUN_WEIGHT * stands * track.longRun : 0);
}

/**
 * Leans away from the nodes whose usual load is above that of the others. One send that stands for twenty is a coarse
 * measure, and comparing by it alone leaves a node in a crowded place with more than its neighbours for good (20 routers,
 * 200 nodes, 10 s, mean of two maps: 1.56 without, 1.44 with). The lean is at most half of what the other routers send while
 * this one sends once, and grows from nothing in the first ten seconds of an observation: it decides only what the
 * estimate cannot tell apart, never against fresh figures, and a router that is alone never leans.
 */
function leanAll(assessed: Assessed<Candidate>[], stands: number, now: number): void {
  if (stands === 1) return;
  let mean = 0;
  for (const one of assessed) mean += one.usual / assessed.length;
  for (const one of assessed) {
    const { observedAt } = one.candidate;
    const capacity = atLeastOne(one.candidate.capacity);
    const most = ((stands - 1) / 2) * Math.min(1, Math.max(0, now - observedAt) / FRESH_MS);
    const connections = Math.min(most, Math.max(-most, (one.usual - mean) * capacity));
    one.lean = (connections / capacity) * one.steepness;
  }
}

export function loadScoreOf(assessed: Assessed<Candidate>): number {
  return clamp(assessed.load.cpu + assessed.load.memory + assessed.load.connections);
}

/** A node without capacity does not qualify; should one come all the same, it does not spoil the others' figures. */
const atLeastOne = (capacity: number): number => Math.max(1, capacity);

import type { Assessed } from "./assess.ts";
import {
  type Candidate,
  DEFAULT_MAX_DISTANCE_KM,
  DEFAULT_WEIGHTS,
  type Env,
  type Strategy,
} from "./candidate.ts";
import { clamp } from "./load.ts";

/** Gives a candidate its terms; their sum is its score, and the lowest goes first. */
export type Score = (one: Assessed<Candidate>, env: Env) => Readonly<Record<string, number>>;

const SMALLEST_WEIGHT = 1e-6;

/** The default: the lowest load score, of figures brought up to date by what was sent since. */
const nearestLeastLoaded: Score = (one) => ({ ...one.load, lean: one.lean, failures: one.penalty });

/** The same without the lean: for placing, where the candidates are a whole fleet and choices are few. */
const leastLoaded: Score = (one) => ({ ...one.load, failures: one.penalty });

/** Distance as a share of the maximum (all beyond it count 1), load score with lean and failures, and 1 for degraded. */
const weightedScore: Score = (one, env) => {
  const { distance, load, health } = env.weights ?? DEFAULT_WEIGHTS;
  const km = one.candidate.distanceKm ?? 0;
  const { cpu, memory, connections } = one.load;
  return {
    distance: distance * clamp(km / (env.maxDistanceKm ?? DEFAULT_MAX_DISTANCE_KM)),
    load: load * (cpu + memory + connections + one.lean + one.penalty),
    health: health * (one.candidate.health === "degraded" ? 1 : 0),
  };
};

/** Whoever this router sent to longest ago: fair over any mixture of candidate lists, which a rotating index is not. */
const roundRobin: Score = (one) => ({ turn: one.turn });

const leastAgents: Score = (one) => ({ agents: one.candidate.activeAgents ?? 0 });

const random: Score = (one) => ({ draw: one.draw });

/**
 * At random in proportion to the weight, or to the spare capacity where none is set, less the share that fails. The race of
 * exponential clocks gives the whole order as repeated draws without replacement would (Efraimidis and Spirakis, 2006).
 */
const weighted: Score = (one) => {
  const { capacity, weight } = one.candidate;
  const wanted = (weight ?? capacity - one.connections) * (1 - one.penalty);
  return { draw: -Math.log(1 - one.draw) / Math.max(SMALLEST_WEIGHT, wanted) };
};

export const SCORES: { readonly [name in Strategy]: Score } = {
  "nearest-least-loaded": nearestLeastLoaded,
  "weighted-score": weightedScore,
  "round-robin": roundRobin,
  "least-loaded": leastLoaded,
  "least-agents": leastAgents,
  random,
  weighted,
};

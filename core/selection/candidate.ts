import type { FleetRate } from "./fleet.ts";
import type { Inflight } from "./inflight.ts";

/** The names of the strategies, as the wire has them. The first is the default. */
export const STRATEGIES = [
  "nearest-least-loaded",
  "weighted-score",
  "round-robin",
  "least-loaded",
  "least-agents",
  "random",
  "weighted",
] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** A node that qualifies, with its figures as a sweep last saw them. What a node does not report is left undefined. */
export interface Candidate {
  readonly id: string;
  /** Great-circle distance to the client; undefined when placing without a position. */
  readonly distanceKm?: number | undefined;
  /** Percent, 0–100. */
  readonly cpuUsage?: number | undefined;
  /** Percent, 0–100. */
  readonly memoryUsage?: number | undefined;
  readonly activeConnections?: number | undefined;
  readonly activeAgents?: number | undefined;
  readonly capacity: number;
  readonly health: "healthy" | "degraded";
  /** When the figures above were seen, in ms; 0 when they never were. */
  readonly observedAt: number;
  /** The share that `weighted` gives; its spare capacity when undefined. */
  readonly weight?: number | undefined;
}

/** How much each part counts in `weighted-score`. */
export interface ScoreWeights {
  readonly distance: number;
  readonly load: number;
  readonly health: number;
}
export const DEFAULT_WEIGHTS: ScoreWeights = { distance: 0.4, load: 0.6, health: 0 };
export const DEFAULT_MAX_DISTANCE_KM = 50;

/** What a choice depends on beside the candidates. `fleet` is undefined until a sweep has published it. */
export interface Env {
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly inflight: Inflight;
  readonly fleet?: FleetRate | undefined;
  readonly weights?: ScoreWeights | undefined;
  /** The distance that counts as 1 in `weighted-score`, as does any greater one. */
  readonly maxDistanceKm?: number | undefined;
}

/**
 * A candidate in its place. `score` is what the strategy ranks by, lower first, and is the sum of `terms`;
 * `loadScore` (0–1) is given whatever the strategy, and `connections` is the estimate it was made with.
 */
export interface Ranked<C extends Candidate = Candidate> {
  readonly candidate: C;
  readonly score: number;
  readonly loadScore: number;
  readonly connections: number;
  readonly terms: Readonly<Record<string, number>>;
}

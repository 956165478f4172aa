import type { NodeObservation } from "../cells/index.ts";
import type { Health } from "../nodes/lifecycle.ts";
import type { ProbeResult } from "./probe.ts";

/** Good probes in a row that bring an unhealthy node back (SPEC H4). */
const RECOVERY = 2;
/** What a packed count of probes in a row goes up to. */
const MOST = 255;

export interface Judgement {
  /** The activation the probe was made in: an observation of another one says nothing (SPEC H1). */
  readonly epoch: number;
  /** Failures in a row that make a node unhealthy. */
  readonly failureThreshold: number;
  /** Whether the fleet is protected (SPEC H9). */
  readonly protected: boolean;
}

export interface Verdict {
  readonly observation: NodeObservation;
  /** The health it has now, when that is another than before. */
  readonly flip: Health | null;
}

/** What is known of a node in an activation before its first probe. */
export function unseen(epoch: number): NodeObservation {
  return {
    epoch,
    health: "unknown",
    cpu_usage: undefined,
    memory_usage: undefined,
    active_connections: 0,
    active_agents: 0,
    failures: 0,
    successes: 0,
  };
}

/** What was observed of a node in this activation. */
export function inEpoch(previous: NodeObservation | undefined, epoch: number): NodeObservation {
  return previous?.epoch === epoch ? previous : unseen(epoch);
}

/** Folds one probe into what was observed before (SPEC H1–H6, H9). After a failure the last known load stands. */
export function fold(
  previous: NodeObservation | undefined,
  probe: ProbeResult,
  judgement: Judgement,
): Verdict {
  const before = inEpoch(previous, judgement.epoch);
  const observation = probe.pass ? afterPass(before, probe) : afterFailure(before, judgement);
  return { observation, flip: observation.health === before.health ? null : observation.health };
}

function afterPass(before: NodeObservation, probe: ProbeResult & { pass: true }): NodeObservation {
  const successes = Math.min(MOST, before.successes + 1);
  const back = before.health !== "unhealthy" || successes >= RECOVERY;
  return {
    epoch: before.epoch,
    health: back ? probe.health : "unhealthy",
    cpu_usage: probe.load.cpu_percent,
    memory_usage: probe.load.memory_percent,
    active_connections: probe.load.active_connections ?? 0,
    active_agents: before.active_agents,
    failures: 0,
    successes,
  };
}

function afterFailure(before: NodeObservation, judgement: Judgement): NodeObservation {
  const failures = Math.min(MOST, before.failures + 1);
  // H9 shields whoever is in the pool; a node never seen good has nothing to be kept in.
  const shielded = judgement.protected && isInPool(before.health);
  const out = before.health === "unhealthy" || (failures >= judgement.failureThreshold && !shielded);
  return { ...before, health: out ? "unhealthy" : before.health, failures, successes: 0 };
}

/** Whether a node of this health may be sent clients. */
export function isInPool(health: Health): boolean {
  return health === "healthy" || health === "degraded";
}

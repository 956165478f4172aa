import type { CellState, Member, NodeObservation } from "../cells/index.ts";
import type { Health } from "../nodes/lifecycle.ts";
import type { ProbeResult } from "./probe.ts";
import { fold, inEpoch, isInPool } from "./verdict.ts";

/** A probe and the activation of the node that it was made in. */
export interface Probed {
  readonly epoch: number;
  readonly result: ProbeResult;
}

export type Probes = ReadonlyMap<string, Probed>;

/** A node whose health is another now. */
export interface Flipped {
  readonly id: string;
  readonly epoch: number;
  readonly from: Health;
  readonly to: Health;
  readonly evidence: string;
}

/** A draining node that is done (SPEC N8). */
export interface Drained {
  readonly id: string;
  readonly epoch: number;
  readonly evidence: string;
}

/** What the probes of a cell's nodes come to. */
export interface Round {
  readonly nodes: Map<string, NodeObservation>;
  readonly flips: readonly Flipped[];
  readonly drained: readonly Drained[];
}

/** The probe of a member as it is now; one of an older activation says nothing of it (SPEC H1). */
function probeOf(probes: Probes, member: Member): ProbeResult | undefined {
  const probed = probes.get(member.id);
  return probed?.epoch === member.epoch ? probed.result : undefined;
}

/** What a cell adds to its wave's tally (SPEC H9): draining nodes are leaving anyhow, and count for nothing. */
export function countCell(
  state: CellState,
  probes: Probes,
): { pool: number; failing: number; probed: number; connections: number } {
  const counts = { pool: 0, failing: 0, probed: 0, connections: 0 };
  for (const member of state.members) {
    const result = probeOf(probes, member);
    if (!result) continue;
    counts.probed += 1;
    if (result.pass) counts.connections += result.load.active_connections ?? 0;
    if (member.draining || !isInPool(inEpoch(state.observed?.nodes.get(member.id), member.epoch).health))
      continue;
    counts.pool += 1;
    if (!result.pass) counts.failing += 1;
  }
  return counts;
}

/** Folds probes into what a cell held; members that were not probed keep what was observed of them. */
export function foldCell(
  state: CellState,
  probes: Probes,
  judgement: { readonly failureThreshold: number; readonly protected: boolean },
  now: number,
): Round {
  const nodes = new Map<string, NodeObservation>();
  const flips: Flipped[] = [];
  const drained: Drained[] = [];
  for (const member of state.members) {
    const { id, epoch } = member;
    const before = state.observed?.nodes.get(id);
    const result = probeOf(probes, member);
    // Heartbeats join here, when they come: a second signal of the same member, folded by the same rules.
    if (result) {
      const { observation, flip } = fold(before, result, { ...judgement, epoch });
      nodes.set(id, observation);
      if (flip) {
        const evidence = evidenceOf(result, observation);
        flips.push({ id, epoch, from: inEpoch(before, epoch).health, to: flip, evidence });
      }
    } else if (before?.epoch === epoch) nodes.set(id, before);
    const done = drainEnd(member, result, now);
    if (done) drained.push({ id, epoch, evidence: done });
  }
  return { nodes, flips, drained };
}

function evidenceOf(result: ProbeResult, { failures, successes }: NodeObservation): string {
  const { detail } = result.evidence;
  if (failures > 1) return `${failures} failures in a row, the last: ${detail}`;
  return successes > 1 ? `${successes} good probes in a row, the last: ${detail}` : detail;
}

function drainEnd(member: Member, result: ProbeResult | undefined, now: number): string | null {
  if (!member.draining) return null;
  if (member.drain_deadline !== undefined && member.drain_deadline <= now)
    return "The deadline of its drain has passed.";
  // Only a node that says so is empty; one that says nothing has until its deadline.
  return result?.pass && result.load.active_connections === 0 ? "It has no connection left." : null;
}

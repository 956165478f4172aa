import { Inflight, Selection } from "../../../core/selection/index.ts";
import { seeded } from "./chance.ts";
import type { Chooser } from "./world.ts";

/** The shipped code, every router with its own memory, and the fleet's figures as the shipped code publishes them. */
export function shipped(routers: number, seed: number): Chooser {
  const random = seeded(seed);
  const memories = Array.from({ length: routers }, () => Inflight.empty(0));
  let fleet: Selection.FleetRate | undefined;
  return {
    name: "shipped",
    choose(candidates, router, now) {
      const inflight = memories[router]!;
      const [first] = Selection.order("nearest-least-loaded", candidates, { now, random, inflight, fleet });
      Inflight.recordSend(inflight, first!.candidate.id, now);
      return candidates.indexOf(first!.candidate);
    },
    publish(now, observedConnections) {
      const reports = memories.map((each) => Inflight.report(each, now));
      fleet = Selection.fleetRate(reports, observedConnections);
    },
  };
}

export function randomOfThree(seed: number): Chooser {
  const random = seeded(seed);
  return { name: "random of k", choose: (candidates) => Math.floor(random() * candidates.length) };
}

/** The lowest load score of the figures as observed. */
export function staleLeastLoaded(seed: number): Chooser {
  const random = seeded(seed);
  return {
    name: "stale least loaded",
    choose: (candidates) =>
      lowest(candidates, random, (each) =>
        Selection.loadScore({ ...each, connections: each.activeConnections ?? 0 }),
      ),
  };
}

/** Fewest connections at this very moment: what nobody can know. */
export function oracle(seed: number): Chooser {
  const random = seeded(seed);
  return {
    name: "live oracle",
    choose: (candidates, _router, _now, live) =>
      lowest(candidates, random, (each) => live[Number(each.id.slice("node-".length))]!),
  };
}

function lowest(
  candidates: readonly Selection.Candidate[],
  random: () => number,
  of: (candidate: Selection.Candidate) => number,
): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let tied = 1;
  for (const [place, candidate] of candidates.entries()) {
    const value = of(candidate);
    tied = value === least ? tied + 1 : 1;
    if (value < least || (value === least && random() * tied < 1)) {
      best = place;
      least = value;
    }
  }
  return best;
}

import type { Bench, Figure } from "./bench.ts";
import { oracle, randomOfThree, shipped, staleLeastLoaded } from "./herding/choosers.ts";
import { type Case, type Clients, peakOverMean } from "./herding/world.ts";

const UNIFORM: readonly Clients[] = ["any three", "map"];
const HOT: readonly Clients[] = ["fixed hot spot", "moving hot spot"];

/**
 * Does choosing by figures that are up to 30 s old herd? Every case is run with the shipped code and, beside it, a random
 * one of the k, the least loaded by the stale figures, and an oracle that sees the true load. The oracle is the floor: where
 * it is far above 1, the nodes' places leave no better. The bar on uniform clients stands for both kinds of them.
 */
export const bench: Bench = {
  name: "herding",
  what: "peak over mean of the nodes' load when figures are stale (bar 8)",
  async run({ full, log }) {
    const figures: Figure[] = [];
    let worst = 0;
    for (const one of full ? allCases() : shortCases()) {
      const title = `${one.clients}, ${one.nodes} nodes, ${one.routers} routers, ${one.sessionSeconds} s`;
      const ours = measure(one, "shipped");
      const random = measure(one, "random of k");
      worst = Math.max(worst, ours / random);
      const beside = `random ${random.toFixed(2)}, stale ${measure(one, "stale").toFixed(2)}, oracle ${measure(one, "oracle").toFixed(2)}`;
      log(`${title}: shipped ${ours.toFixed(3)}, ${beside}`);
      figures.push({
        name: `${title} (${beside})`,
        value: ours,
        unit: "peak/mean",
        ...(UNIFORM.includes(one.clients) ? { bar: { op: "<=", value: 1.3 } } : {}),
      });
    }
    figures.push({
      name: "shipped over random of k, worst case",
      value: worst,
      unit: "ratio",
      bar: { op: "<=", value: 1 },
    });
    return figures;
  },
};

const CHOOSERS = {
  shipped: (one: Case) => shipped(one.routers, one.seed),
  "random of k": (one: Case) => randomOfThree(one.seed),
  stale: (one: Case) => staleLeastLoaded(one.seed),
  oracle: (one: Case) => oracle(one.seed),
};

/** The long-run part of the estimate goes back ten sessions: the warm-up is that long, but at least five minutes. */
function measure(one: Case, chooser: keyof typeof CHOOSERS): number {
  const warmUpS = Math.max(300, 10 * one.sessionSeconds);
  const measureS = one.sessionSeconds < 60 ? 180 : 600;
  return peakOverMean(one, CHOOSERS[chooser](one), { warmUpS, measureS });
}

function allCases(): Case[] {
  const cases: Case[] = [];
  for (const clients of [...UNIFORM, ...HOT]) {
    for (const nodes of [20, 200]) {
      for (const routers of [1, 20]) {
        for (const sessionSeconds of [10, 120]) {
          cases.push({ clients, nodes, routers, sessionSeconds, seed: 5 });
        }
      }
    }
  }
  return cases;
}

/** Twenty routers are the harder case; 200 nodes take longest, most of all with short sessions or hot spots. */
const shortCases = (): Case[] =>
  allCases().filter(
    ({ routers, nodes, sessionSeconds, clients }) =>
      routers === 20 && (nodes === 20 || (sessionSeconds === 120 && UNIFORM.includes(clients))),
  );

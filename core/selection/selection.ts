import { type Assessed, assess, loadScoreOf } from "./assess.ts";
import type { Candidate, Env, Ranked, Strategy } from "./candidate.ts";
import { SCORES } from "./strategies.ts";

export {
  type Candidate,
  DEFAULT_MAX_DISTANCE_KM,
  DEFAULT_WEIGHTS,
  type Env,
  type Ranked,
  type ScoreWeights,
  STRATEGIES,
  type Strategy,
} from "./candidate.ts";
export { type FleetRate, fleetRate, type RouterReport } from "./fleet.ts";
export { loadScore } from "./load.ts";

/**
 * All candidates in the strategy's order: the first is chosen, the others are the alternatives and the way of fail-over.
 * Equal scores are ordered by how full the nodes are (a load score cannot exceed 1), then at random. Counts no send: the
 * caller records those it makes.
 */
export function order<C extends Candidate>(
  strategy: Strategy,
  candidates: readonly C[],
  env: Env,
): Ranked<C>[] {
  const score = SCORES[strategy];
  const entries = assess(candidates, env).map((one) => entry(one, score(one, env)));
  entries.sort(
    (a, b) => a.ranked.score - b.ranked.score || overfull(a.one) - overfull(b.one) || a.one.draw - b.one.draw,
  );
  return entries.map(({ ranked }) => ranked);
}

interface Entry<C extends Candidate> {
  readonly one: Assessed<C>;
  readonly ranked: Ranked<C>;
}

function entry<C extends Candidate>(one: Assessed<C>, terms: Readonly<Record<string, number>>): Entry<C> {
  let score = 0;
  for (const name in terms) score += terms[name]!;
  const { candidate, connections } = one;
  return { one, ranked: { candidate, score, loadScore: loadScoreOf(one), connections, terms } };
}

const overfull = (one: Assessed<Candidate>): number => (one.use > 1 ? one.use : 0);

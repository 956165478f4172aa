import type { Selection } from "../../../core/selection/index.ts";
import { gaussian, seeded } from "./chance.ts";
import { nearestThree, places } from "./map.ts";

/**
 * Where the clients are. `any three`: every request has three random nodes of the fleet as its nearest. The others are on a
 * torus with the nodes at random places: clients everywhere, or 15 % of them within a disc that stays or goes round.
 */
export type Clients = "any three" | "map" | "fixed hot spot" | "moving hot spot";

export interface Case {
  readonly clients: Clients;
  readonly nodes: number;
  readonly routers: number;
  readonly sessionSeconds: number;
  readonly seed: number;
}

/** What is compared. `live` holds the true connections, which only the oracle may look at. */
export interface Chooser {
  readonly name: string;
  /** The place in `candidates` of the node chosen. */
  choose(candidates: readonly Selection.Candidate[], router: number, now: number, live: Int32Array): number;
  /** Called every 30 s with what the sweep has seen: publishes what the routers may know. */
  publish?(now: number, observedConnections: number): void;
}

const CAPACITY = 100;
const UTILISATION = 0.6;
const POLL_S = 30;
const NODES_PER_CELL = 32;
const TICK_S = 0.25;
const SAMPLE_S = 0.5;
const HOT_SHARE = 0.15;
const HOT_RADIUS = 0.18;
const ROUND_TRIP_S = 300;

/**
 * Runs one case with one chooser and gives the time-averaged peak over mean of the nodes' connections, after warm-up.
 * Arrivals are Poisson, sessions exponential, so the next event is drawn by their rates (Gillespie) and a session that ends
 * is any one of them. Cpu and memory follow the connections, with noise. The cells (32 nodes) are polled in turn, and each
 * router sees a poll 0.3 to 2.3 s late.
 */
export function peakOverMean(
  one: Case,
  chooser: Chooser,
  length: { warmUpS: number; measureS: number },
): number {
  const random = seeded(one.seed);
  const { x, y } = places(one.nodes, seeded(one.seed + 1000));
  const three =
    one.clients === "any three" ? anyThree(one.nodes, random) : onMap(one, nearestThree(x, y), random);
  const phase = pollPhases(x);
  const routerDelay = Array.from({ length: one.routers }, () => 300 + 2000 * random());
  const arrivals = (one.nodes * CAPACITY * UTILISATION) / one.sessionSeconds;

  const live = new Int32Array(one.nodes);
  const sessions: number[] = [];
  const unseen = (node: number): Selection.Candidate => observation(node, 0, 0, random);
  const seen = Array.from(live, (_, node) => unseen(node));
  const seenBefore = [...seen];
  const candidates: Selection.Candidate[] = [];
  let now = 0;
  let nextTick = 0;
  let nextPublish = POLL_S;
  let nextSample = length.warmUpS;
  let ratios = 0;
  let samples = 0;

  const tick = (at: number): void => {
    for (let node = 0; node < one.nodes; node++) {
      if (phase[node]! > at) continue;
      phase[node]! += POLL_S;
      seenBefore[node] = seen[node]!;
      seen[node] = observation(node, live[node]!, at * 1000, random);
    }
    if (at >= nextPublish) {
      nextPublish += POLL_S;
      chooser.publish?.(
        at * 1000,
        seen.reduce((sum, each) => sum + (each.activeConnections ?? 0), 0),
      );
    }
  };
  const route = (): void => {
    const nodes = three(now);
    const router = Math.floor(random() * one.routers);
    for (let place = 0; place < 3; place++) {
      const node = nodes[place]!;
      const late = now * 1000 < seen[node]!.observedAt + routerDelay[router]!;
      candidates[place] = late ? seenBefore[node]! : seen[node]!;
    }
    const node = nodes[chooser.choose(candidates, router, now * 1000, live)]!;
    live[node]! += 1;
    sessions.push(node);
  };
  const end = (): void => {
    const place = Math.floor(random() * sessions.length);
    live[sessions[place]!]! -= 1;
    const last = sessions.pop()!;
    if (place < sessions.length) sessions[place] = last;
  };

  while (now < length.warmUpS + length.measureS) {
    const rate = arrivals + sessions.length / one.sessionSeconds;
    now -= Math.log(1 - random()) / rate;
    for (; nextTick <= now; nextTick += TICK_S) tick(nextTick);
    for (; nextSample <= now; nextSample += SAMPLE_S) {
      ratios += (Math.max(...live) * one.nodes) / sessions.length;
      samples++;
    }
    if (random() * rate < arrivals) route();
    else end();
  }
  return ratios / samples;
}

function observation(
  node: number,
  connections: number,
  at: number,
  random: () => number,
): Selection.Candidate {
  const percent = (100 * connections) / CAPACITY;
  return {
    id: `node-${node}`,
    cpuUsage: Math.min(100, Math.max(0, percent + 3 * gaussian(random))),
    memoryUsage: Math.min(100, Math.max(0, percent + gaussian(random))),
    activeConnections: connections,
    capacity: CAPACITY,
    health: "healthy",
    observedAt: at,
  };
}

/** Cells are strips of neighbouring nodes; each is polled at its own moment of the interval. */
function pollPhases(x: Float64Array): Float64Array {
  const cells = Math.max(1, Math.round(x.length / NODES_PER_CELL));
  const phase = new Float64Array(x.length);
  const eastward = [...x.keys()].sort((a, b) => x[a]! - x[b]!);
  for (const [rank, node] of eastward.entries()) {
    phase[node] = (POLL_S * Math.floor((rank * cells) / x.length)) / cells;
  }
  return phase;
}

function anyThree(nodes: number, random: () => number): () => readonly number[] {
  const three = [0, 0, 0];
  const draw = (): number => Math.floor(random() * nodes);
  return () => {
    three[0] = draw();
    do three[1] = draw();
    while (three[1] === three[0]);
    do three[2] = draw();
    while (three[2] === three[0] || three[2] === three[1]);
    return three;
  };
}

function onMap(
  one: Case,
  nearest: (x: number, y: number) => readonly number[],
  random: () => number,
): (now: number) => readonly number[] {
  return (now) => {
    if (one.clients === "map" || random() >= HOT_SHARE) return nearest(random(), random());
    const round = one.clients === "moving hot spot" ? (2 * Math.PI * now) / ROUND_TRIP_S : 0;
    const angle = 2 * Math.PI * random();
    const radius = HOT_RADIUS * Math.sqrt(random());
    const x = 0.5 + 0.3 * Math.cos(round) + radius * Math.cos(angle);
    const y = 0.5 + 0.3 * Math.sin(round) + radius * Math.sin(angle);
    return nearest((x + 1) % 1, (y + 1) % 1);
  };
}

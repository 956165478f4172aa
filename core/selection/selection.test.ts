import { describe, expect, test } from "vitest";
import { Inflight, Selection } from "./index.ts";

const now = 1_700_000_000_000;

/** A stream of numbers uniform enough for a test, the same every time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const env = (over: Partial<Selection.Env> = {}): Selection.Env => ({
  now,
  random: randomFrom(7),
  inflight: Inflight.empty(now - 600_000),
  ...over,
});

const node = (id: string, over: Partial<Selection.Candidate> = {}): Selection.Candidate => ({
  id,
  distanceKm: 10,
  cpuUsage: 30,
  memoryUsage: 30,
  activeConnections: 30,
  activeAgents: 0,
  capacity: 100,
  health: "healthy",
  observedAt: now - 1000,
  ...over,
});

const ids = (ranked: readonly Selection.Ranked[]): string[] => ranked.map(({ candidate }) => candidate.id);

/** How often each node is chosen in `times` routes, each recorded as a send. */
function chosen(
  strategy: Selection.Strategy,
  candidates: readonly Selection.Candidate[],
  times: number,
  given = env(),
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let route = 0; route < times; route++) {
    const first = Selection.order(strategy, candidates, given)[0]!.candidate.id;
    Inflight.recordSend(given.inflight, first, given.now);
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

describe("every strategy", () => {
  test.each(Selection.STRATEGIES)(
    "%s orders all candidates, and its terms add up to the score",
    (strategy) => {
      const candidates = [node("a"), node("b", { health: "degraded" }), node("c", { activeConnections: 3 })];
      const given = env({ weights: { distance: 0.2, load: 0.5, health: 0.3 } });
      const ranked = Selection.order(strategy, candidates, given);
      expect(ids(ranked).sort()).toEqual(["a", "b", "c"]);
      for (const [place, one] of ranked.entries()) {
        const sum = Object.values(one.terms).reduce((total, term) => total + term, 0);
        expect(one.score).toBeCloseTo(sum, 12);
        expect(one.score).toBeGreaterThanOrEqual(
          place === 0 ? Number.NEGATIVE_INFINITY : ranked[place - 1]!.score,
        );
        expect(one.loadScore).toBeGreaterThanOrEqual(0);
        expect(one.loadScore).toBeLessThanOrEqual(1);
      }
      expect(given.inflight.sends).toBe(0);
    },
  );

  test.each(Selection.STRATEGIES)("%s takes none, and one that reports nothing", (strategy) => {
    expect(Selection.order(strategy, [], env())).toEqual([]);
    const bare: Selection.Candidate = { id: "a", capacity: 1, health: "healthy", observedAt: 0 };
    const [only] = Selection.order(strategy, [bare], env());
    expect(only!.loadScore).toBe(0);
    expect(Number.isFinite(only!.score)).toBe(true);
  });

  test.each(Selection.STRATEGIES)("%s is not thrown by a node without capacity", (strategy) => {
    const fleet = { routesPerSecond: 100, routers: 20, sessionSeconds: 10 };
    const ranked = Selection.order(strategy, [node("a", { capacity: 0 }), node("b")], env({ fleet }));
    for (const one of ranked) expect(Number.isFinite(one.score)).toBe(true);
  });

  test.each(Selection.STRATEGIES)("%s has no favourite among equals", (strategy) => {
    const counts: Record<string, number> = {};
    for (let seed = 1; seed <= 300; seed++) {
      const ranked = Selection.order(
        strategy,
        ["a", "b", "c"].map((id) => node(id)),
        env({ random: randomFrom(seed * 7919) }),
      );
      counts[ids(ranked)[0]!] = (counts[ids(ranked)[0]!] ?? 0) + 1;
    }
    for (const id of ["a", "b", "c"]) expect(counts[id]).toBeGreaterThan(60);
  });
});

describe("nearest-least-loaded", () => {
  test("with fresh figures the lowest load score is chosen, by many routers too, and scores are the formula's", () => {
    const fleet = { routesPerSecond: 100, routers: 20, sessionSeconds: 60 };
    const candidates = [
      node("a", { observedAt: now }),
      node("b", { observedAt: now, cpuUsage: 10, activeConnections: 10 }),
      node("c", { observedAt: now, cpuUsage: 90 }),
    ];
    for (let seed = 1; seed < 50; seed++) {
      const ranked = Selection.order(
        "nearest-least-loaded",
        candidates,
        env({ fleet, random: randomFrom(seed) }),
      );
      expect(ids(ranked)).toEqual(["b", "a", "c"]);
      expect(ranked[0]!.loadScore).toBeCloseTo(0.4 * 0.1 + 0.3 * 0.3 + 0.3 * 0.1, 12);
    }
  });

  test("what was sent since the observation counts, so that a stale figure does not herd", () => {
    const counts = chosen(
      "nearest-least-loaded",
      [node("a", { activeConnections: 27 }), node("b"), node("c")],
      30,
    );
    for (const id of ["a", "b", "c"]) expect(counts[id]).toBeGreaterThanOrEqual(8);
  });

  test("one send stands for those of the other routers", () => {
    const given = env({ fleet: { routesPerSecond: 0, routers: 20 } });
    Inflight.recordSend(given.inflight, "a", now);
    const [a] = Selection.order("nearest-least-loaded", [node("a")], { ...given });
    expect(a!.connections).toBeCloseTo(30 + Inflight.scale(given.inflight, given.fleet, now), 5);
    expect(a!.connections).toBeGreaterThan(40);
  });

  test("an observation fades as its sessions end, and cpu and memory follow", () => {
    const fleet = { routesPerSecond: 1, routers: 1, sessionSeconds: 10 };
    const [a] = Selection.order(
      "nearest-least-loaded",
      [node("a", { observedAt: now - 10_000 })],
      env({ fleet }),
    );
    expect(a!.connections).toBeCloseTo(30 / Math.E, 9);
    expect(a!.loadScore).toBeCloseTo(0.3 / Math.E, 9);
  });

  test("cpu that the connections do not explain stays", () => {
    const fleet = { routesPerSecond: 1, routers: 1, sessionSeconds: 10 };
    const busy = node("a", { cpuUsage: 90, activeConnections: 0, observedAt: now - 60_000 });
    const [a] = Selection.order("nearest-least-loaded", [busy], env({ fleet }));
    expect(a!.terms.cpu).toBeCloseTo(0.36, 12);
  });

  test("between overfull nodes the less overfull goes first", () => {
    const candidates = [90, 50, 70].map((connections) =>
      node(`n${connections}`, {
        cpuUsage: 100,
        memoryUsage: 100,
        activeConnections: connections,
        capacity: 10,
      }),
    );
    expect(ids(Selection.order("nearest-least-loaded", candidates, env()))).toEqual(["n50", "n70", "n90"]);
  });

  test("a node that is usually fuller yields where the estimate cannot tell, never where it can", () => {
    const given = env({ fleet: { routesPerSecond: 10, routers: 20 }, inflight: Inflight.empty(now) });
    const first = (fleet: Selection.FleetRate, at: number, observedAt: number, a: number, b: number) => {
      const loaded = (id: string, percent: number) =>
        node(id, { observedAt, activeConnections: percent, cpuUsage: percent, memoryUsage: percent });
      const candidates = [loaded("a", a), loaded("b", b)];
      return ids(Selection.order("nearest-least-loaded", candidates, { ...given, fleet, now: at }))[0];
    };
    const many = { routesPerSecond: 10, routers: 20 };
    for (let sweep = 0; sweep < 4; sweep++) first(many, now + sweep * 30_000, now + sweep * 30_000, 80, 20);
    const seen = now + 120_000;
    expect(first(many, seen + 15_000, seen, 48, 52)).toBe("b");
    expect(first(many, seen + 15_000, seen, 20, 52)).toBe("a");
    expect(first(many, seen, seen, 48, 52)).toBe("a");
    expect(first({ routesPerSecond: 10, routers: 1 }, seen + 15_000, seen, 48, 52)).toBe("a");
  });

  test("a node that fails fast gains no traffic, and is tried again when its failures have faded", () => {
    const given = env();
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
    const first = (at: number, candidates: Selection.Candidate[]) =>
      ids(Selection.order("nearest-least-loaded", candidates, { ...given, now: at }))[0]!;
    for (let route = 0; route < 600; route++) {
      const at = now + route * 100;
      // The failing node looks empty: it answers at once and holds nothing.
      const observedAt = at - (at % 30_000);
      const empty = { activeConnections: 0, cpuUsage: 1, memoryUsage: 1 };
      const id = first(at, [
        node("a", { observedAt, ...empty }),
        node("b", { observedAt }),
        node("c", { observedAt }),
      ]);
      counts[id]! += 1;
      Inflight.recordSend(given.inflight, id, at);
      if (id === "a") Inflight.recordFailure(given.inflight, id, at + 2);
      else Inflight.recordEnd(given.inflight, id, at, at + 50);
    }
    expect(counts.a).toBeGreaterThan(0);
    expect(counts.a).toBeLessThan(600 / 30);
    const later = now + 300_000;
    const back = [node("a", { observedAt: later, activeConnections: 10 }), node("b", { observedAt: later })];
    expect(first(later, back)).toBe("a");
  });
});

describe("the others", () => {
  test("weighted-score weighs distance, load and health as told", () => {
    const near = node("near", { distanceKm: 5, activeConnections: 60 });
    const far = node("far", { distanceKm: 45, activeConnections: 20, cpuUsage: 10 });
    const by = (weights: Selection.ScoreWeights) =>
      ids(Selection.order("weighted-score", [near, far], env({ weights })))[0];
    expect(by({ distance: 1, load: 0, health: 0 })).toBe("near");
    expect(by({ distance: 0, load: 1, health: 0 })).toBe("far");
    const [first] = Selection.order("weighted-score", [near], env());
    expect(first!.terms.distance).toBeCloseTo(0.4 * (5 / 50), 12);
    expect(first!.terms.load).toBeCloseTo(0.6 * first!.loadScore, 12);
    const sick = node("sick", { health: "degraded", activeConnections: 0, distanceKm: 0 });
    const ranked = Selection.order(
      "weighted-score",
      [sick, near],
      env({ weights: { distance: 0.4, load: 0.6, health: 1 } }),
    );
    expect(ids(ranked)).toEqual(["near", "sick"]);
  });

  test("distances beyond the maximum count as the maximum", () => {
    const given = env({ maxDistanceKm: 20, weights: { distance: 1, load: 0, health: 0 } });
    const ranked = Selection.order(
      "weighted-score",
      [node("a", { distanceKm: 9000 }), node("b", { distanceKm: 5 })],
      given,
    );
    expect(ranked.map(({ score }) => score)).toEqual([0.25, 1]);
  });

  test("round-robin takes turns over mixed candidate lists", () => {
    const given = env();
    const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => node(id)) as [
      Selection.Candidate,
      Selection.Candidate,
      Selection.Candidate,
      Selection.Candidate,
    ];
    const counts: Record<string, number> = {};
    for (let route = 0; route < 400; route++) {
      const first = Selection.order("round-robin", route % 2 ? [a, b, c] : [b, c, d], given)[0]!.candidate.id;
      Inflight.recordSend(given.inflight, first, now);
      counts[first] = (counts[first] ?? 0) + 1;
    }
    for (const id of ["a", "b", "c", "d"]) expect(counts[id]).toBeGreaterThan(60);
    expect(chosen("round-robin", [a, b, c], 300, env())).toEqual({ a: 100, b: 100, c: 100 });
  });

  test("least-agents takes the fewest agents, least-loaded the lowest load", () => {
    const candidates = [
      node("a", { activeAgents: 4, cpuUsage: 1 }),
      node("b", { activeAgents: 2 }),
      node("c", { activeAgents: 3 }),
    ];
    expect(ids(Selection.order("least-agents", candidates, env()))).toEqual(["b", "c", "a"]);
    expect(ids(Selection.order("least-loaded", candidates, env()))[0]).toBe("a");
  });

  test("random is even, weighted goes by weight or else by spare capacity", () => {
    const even = chosen("random", [node("a"), node("b", { cpuUsage: 99 })], 4000);
    expect(Math.abs(even.a! - even.b!)).toBeLessThan(250);
    const weighted = chosen("weighted", [node("a", { weight: 3 }), node("b", { weight: 1 })], 4000);
    expect(weighted.a! / weighted.b!).toBeGreaterThan(2.6);
    expect(weighted.a! / weighted.b!).toBeLessThan(3.5);
    const bySpare = { a: 0, b: 0 };
    const given = env();
    for (let route = 0; route < 4000; route++) {
      const spare = [node("a", { activeConnections: 20 }), node("b", { activeConnections: 80 })];
      bySpare[ids(Selection.order("weighted", spare, given))[0] as "a" | "b"] += 1;
    }
    expect(bySpare.a / bySpare.b).toBeGreaterThan(3.4);
    expect(bySpare.a / bySpare.b).toBeLessThan(4.7);
  });
});

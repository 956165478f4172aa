import fc from "fast-check";
import { expect, test } from "vitest";
import type { NodeObservation } from "../cells/index.ts";
import type { ProbeResult } from "./probe.ts";
import { fold, type Judgement } from "./verdict.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 1000);
const ordinary: Judgement = { epoch: 1, failureThreshold: 3, protected: false };

function pass(health: "healthy" | "degraded" = "healthy"): ProbeResult {
  const evidence = { kind: "answer", status: 200, duration_ms: 1, detail: "Fine." } as const;
  return { pass: true, health, load: { cpu_percent: 20, active_connections: 4 }, evidence };
}
const fail: ProbeResult = {
  pass: false,
  evidence: { kind: "timeout", duration_ms: 5000, detail: "Silence." },
};

/** Folds probes one after the other: `+` healthy, `~` degraded, `-` failed. */
function after(probes: string, judgement = ordinary, from?: NodeObservation) {
  let observation = from;
  const flips: string[] = [];
  for (const probe of probes) {
    const verdict = fold(
      observation,
      probe === "-" ? fail : pass(probe === "~" ? "degraded" : "healthy"),
      judgement,
    );
    observation = verdict.observation;
    if (verdict.flip) flips.push(verdict.flip);
  }
  return { ...observation!, flips };
}

test("H1: what was observed in an older activation says nothing", () => {
  const before = after("---");
  expect(after("-", { ...ordinary, epoch: 2 }, before)).toMatchObject({
    health: "unknown",
    failures: 1,
    epoch: 2,
  });
  expect(after("+", { ...ordinary, epoch: 2 }, before)).toMatchObject({
    health: "healthy",
    flips: ["healthy"],
  });
});

test("H2: one good probe of an unknown node makes it what it says", () => {
  expect(after("+").flips).toEqual(["healthy"]);
  expect(after("~").flips).toEqual(["degraded"]);
  expect(after("--+").flips).toEqual(["healthy"]);
});

test("H3: a threshold of failures in a row makes a good node unhealthy, fewer only count", () => {
  expect(after("+--")).toMatchObject({ health: "healthy", failures: 2, flips: ["healthy"] });
  expect(after("+---")).toMatchObject({ health: "unhealthy", failures: 3, flips: ["healthy", "unhealthy"] });
  expect(after("~-", { ...ordinary, failureThreshold: 1 }).flips).toEqual(["degraded", "unhealthy"]);
});

test("H4: an unhealthy node is back after two good probes in a row, not after one", () => {
  expect(after("---+")).toMatchObject({ health: "unhealthy", successes: 1, flips: ["unhealthy"] });
  expect(after("---+-+").health).toBe("unhealthy");
  expect(after("---+~").flips).toEqual(["unhealthy", "degraded"]);
});

test("H5: an unknown node becomes unhealthy by the same number of failures", () => {
  expect(after("--").flips).toEqual([]);
  expect(after("---").flips).toEqual(["unhealthy"]);
});

test("H6: a good probe ends a run of failures, a failed one a run of successes", () => {
  expect(after("+--+")).toMatchObject({ failures: 0, successes: 1, health: "healthy" });
  expect(after("+++-")).toMatchObject({ failures: 1, successes: 0, health: "healthy" });
});

test("H9: under protection a good node stays, its failures go on, and the next unprotected sweep judges them", () => {
  const shielded = after("-----", { ...ordinary, protected: true }, after("+"));
  expect(shielded).toMatchObject({ health: "healthy", failures: 5, flips: [] });
  expect(after("-", ordinary, shielded)).toMatchObject({ health: "unhealthy", flips: ["unhealthy"] });
  expect(after("+", ordinary, shielded)).toMatchObject({ health: "healthy", failures: 0, flips: [] });
});

test("H9: protection brings nobody back and holds no newcomer in", () => {
  const shield = { ...ordinary, protected: true };
  expect(after("-", shield, after("---")).health).toBe("unhealthy");
  expect(after("++", shield, after("---")).flips).toEqual(["healthy"]);
  expect(after("---", shield).flips).toEqual(["unhealthy"]);
});

test("the last known load stands after a failure", () => {
  expect(after("+-")).toMatchObject({ cpu_usage: 20, memory_usage: undefined, active_connections: 4 });
});

test("counts stay within what a packed cell holds", () => {
  expect(after("+".repeat(300)).successes).toBe(255);
  expect(after("-".repeat(300)).failures).toBe(255);
});

// The rules as a person would check them: by looking back over the whole history of an activation.
function model(history: readonly { probe: string; protected: boolean }[], threshold: number): string {
  let health = "unknown";
  for (let now = 0; now < history.length; now++) {
    const until = history.slice(0, now + 1).map(({ probe }) => probe);
    const { probe } = history[now]!;
    if (probe === "-") {
      const run = until.length - 1 - until.findLastIndex((one) => one !== "-");
      const kept = history[now]!.protected && (health === "healthy" || health === "degraded");
      if (run >= threshold && !kept) health = "unhealthy";
    } else if (health !== "unhealthy" || (now > 0 && until[now - 1] !== "-")) {
      health = probe === "~" ? "degraded" : "healthy";
    }
  }
  return health;
}

test(`H1–H6, H9: any history comes to what its model says (${RUNS} histories)`, () => {
  const step = fc.record({ probe: fc.constantFrom("+", "~", "-", "-"), protected: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (history, failureThreshold) => {
        let observation: NodeObservation | undefined;
        for (const { probe, protected: shield } of history) {
          const before = observation?.health ?? "unknown";
          const verdict = fold(
            observation,
            probe === "-" ? fail : pass(probe === "~" ? "degraded" : "healthy"),
            { epoch: 1, failureThreshold, protected: shield },
          );
          observation = verdict.observation;
          expect(verdict.flip).toBe(observation.health === before ? null : observation.health);
        }
        expect(observation?.health ?? "unknown").toBe(model(history, failureThreshold));
      },
    ),
    { numRuns: RUNS },
  );
});

test(`reliability 7: a failed node is unhealthy within 3 intervals and a timeout, two failures never flip (${RUNS} failures)`, () => {
  const failure = fc.record({
    intervalS: fc.integer({ min: 1, max: 300 }),
    timeoutS: fc.double({ min: 0.05, max: 60, noNaN: true }),
    /** When it fails, as a share of the interval after the sweep that last saw it good. */
    moment: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    lasts: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(failure, ({ intervalS, timeoutS, moment, lasts }) => {
      const failedAt = moment * intervalS;
      let observation: NodeObservation = after("++");
      let evictedAt: number | null = null;
      for (let sweep = 1; sweep <= lasts && evictedAt === null; sweep++) {
        const verdict = fold(observation, fail, ordinary);
        observation = verdict.observation;
        if (verdict.flip === "unhealthy") evictedAt = sweep * intervalS + timeoutS;
      }
      if (lasts < 3) {
        expect(evictedAt).toBeNull();
        expect(fold(observation, pass(), ordinary)).toMatchObject({
          flip: null,
          observation: { health: "healthy" },
        });
      } else {
        expect(evictedAt! - failedAt).toBeLessThanOrEqual(3 * intervalS + timeoutS);
      }
    }),
    { numRuns: RUNS },
  );
});

import type { SQSEvent, SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NodeObservation } from "../../core/cells/index.ts";
import type { World } from "../../core/ctx.ts";
import { Nodes } from "../../core/nodes/index.ts";
import type { ProbeResult } from "../../core/watching/probe.ts";
import { fold } from "../../core/watching/verdict.ts";
import { makeHealth } from "../../functions/queues/health.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";
import { allUnits, type Edges, observed, registerEdges, startEdges } from "./edges.ts";

const RUNS = Number(process.env.ARX_RUNS ?? 12);
const NODES = 4;
const WAVES = 8;
let world: TestWorld;
let edges: Edges;
let now = 1_800_000_000_000;

beforeAll(async () => {
  world = await openTestWorld({ now: () => now });
  edges = await startEdges(NODES);
});
afterAll(async () => {
  await edges.close();
  await world.close();
});

/** A small generator with a seed, so that a failing run can be had again (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lost answers that one delivery may meet; with more a flip is left to the sweep after it. */
const MOST_LOST = 2;

/** A world whose writes now and then are committed, and then answered by a timeout. */
function unsure(random: () => number, budget: { left: number }): World {
  const { doc } = world.store;
  const send = async (command: { constructor: { name: string } }) => {
    const answer: unknown = await doc.send(command as never);
    const writes = /Put|Update|TransactWrite/.test(command.constructor.name);
    if (writes && budget.left > 0 && random() < 0.15) {
      budget.left -= 1;
      throw Object.assign(new Error("No answer."), { name: "TimeoutError" });
    }
    return answer;
  };
  return { ...world, store: { ...world.store, doc: { send } as unknown as typeof doc }, memory: new Map() };
}

const message = (body: unknown): SQSEvent => ({
  Records: [{ messageId: "m", body: JSON.stringify(body), eventSource: "aws:sqs" } as SQSRecord],
});

const judgement = { failureThreshold: 3, protected: false };

function resultOf(good: boolean, i: number): ProbeResult {
  const evidence = { kind: "answer", duration_ms: 0, detail: "" } as const;
  if (!good) return { pass: false, evidence };
  const load = { cpu_percent: 10 + i, memory_percent: 40, active_connections: i };
  return { pass: true, health: "healthy", load, evidence };
}

test(
  `reliability 6, H8: orders that come twice, late, out of order, or again after a lost answer end as one delivery in order (${RUNS} runs)`,
  async () => {
    for (let run = 0; run < RUNS; run++) {
      const random = randomOf(run + 1);
      await registerEdges(world, edges, NODES);
      const units = await allUnits(world);
      const epochs = new Map((await Nodes.findAll(world, idsOf())).map(({ id, epoch }) => [id, epoch]));
      const budget = { left: 0 };
      const handle = makeHealth(
        () => unsure(random, budget),
        () => {},
      );

      const first = Math.ceil(now / 30_000) * 30;
      const model = new Map<string, NodeObservation>();
      const flips = new Map(idsOf().map((id) => [id, 0]));
      let folded = 0;
      for (const wave of deliveries(random)) {
        const good = Array.from({ length: NODES }, () => random() < 0.5);
        edges.behave("healthy");
        edges.behave(
          "error",
          good.flatMap((is, i) => (is ? [] : [i])),
        );
        now = (first + wave * 30) * 1000;
        for (const unit of units) await untilTaken({ ...unit, wave: first + wave * 30, units: units.length });
        if (wave < folded) continue;
        folded = wave + 1;
        for (let i = 0; i < NODES; i++) {
          const epoch = epochs.get(`n${i}`)!;
          const { observation, flip } = fold(model.get(`n${i}`), resultOf(good[i]!, i), {
            ...judgement,
            epoch,
          });
          model.set(`n${i}`, observation);
          if (flip) flips.set(`n${i}`, flips.get(`n${i}`)! + 1);
        }
      }

      expect(await observed(world), `run ${run}`).toEqual(model);
      for (const record of await Nodes.findAll(world, idsOf())) {
        expect(record.health, `run ${run}, ${record.id}`).toBe(model.get(record.id)?.health);
        const { transitions } = await Nodes.transitions(adminCtx(world), { id: record.id });
        const ofThisRun = transitions.findIndex(({ to }) => to === "active");
        expect(ofThisRun, `run ${run}, ${record.id}: rows of its ledger`).toBe(flips.get(record.id));
        await Nodes.remove(adminCtx(world), { id: record.id });
      }

      async function untilTaken(order: unknown): Promise<void> {
        for (let tries = 0; tries < 20; tries++) {
          budget.left = MOST_LOST;
          if ((await handle(message(order))).batchItemFailures.length === 0) return;
        }
        throw new Error("The order was never taken.");
      }
    }
    console.log(`reliability 6: ${RUNS} runs of ${WAVES} waves, doubled and shuffled`);
  },
  60_000 + RUNS * 5_000,
);

function idsOf(): string[] {
  return Array.from({ length: NODES }, (_, i) => `n${i}`);
}

/** Waves 0 to 7 as they may come: some twice, some late, the last one last. */
function deliveries(random: () => number): number[] {
  const waves = Array.from({ length: WAVES }, (_, i) => i).flatMap((wave) =>
    random() < 0.4 ? [wave, wave] : [wave],
  );
  for (let i = 0; i + 1 < waves.length; i++) {
    if (random() < 0.3) [waves[i], waves[i + 1]] = [waves[i + 1]!, waves[i]!];
  }
  return [...waves, WAVES];
}

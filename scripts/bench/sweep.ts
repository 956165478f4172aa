import type { SQSEvent, SQSRecord } from "aws-lambda";
import { type CellState, Cells } from "../../core/cells/index.ts";
import { readConfig } from "../../core/config.ts";
import type { World } from "../../core/ctx.ts";
import { createOutbound } from "../../core/outbound/index.ts";
import { openStore } from "../../core/store/index.ts";
import { TABLES } from "../../core/tables.ts";
import { type SweepOrder, type SweepReport, Watching } from "../../core/watching/index.ts";
import { lanesOf } from "../../core/watching/lanes.ts";
import { probe } from "../../core/watching/probe.ts";
import { foldCell, type Probed } from "../../core/watching/round.ts";
import { makeHealth } from "../../functions/queues/health.ts";
import { startDynamoDbLocal } from "../local/dynamodb.ts";
import { passingSealer } from "../local/passing-sealer.ts";
import { createTable } from "../local/tables.ts";
import type { Bench, Figure } from "./bench.ts";
import { dollarsPerNodeMonth } from "./sweep/cost.ts";
import { startServers, storeFleet } from "./sweep/fleet.ts";
import { type Metered, meter } from "./sweep/meter.ts";

const PORTS = 200;
const INTERVAL_S = 30;
/** Even, for metrics are kept once a minute. */
const SWEEPS = 4;
/** Checks before those that are measured: a worker is a process that lives on, and its code is compiled by then. */
const WARM_UP_CHECKS = 30_000;

export const bench: Bench = {
  name: "sweep",
  what: "a sweep of the whole fleet on loopback by one worker process, against DynamoDB Local (bar 7)",
  async run({ full, log }) {
    const nodes = full ? 10_000 : 2_000;
    const closers: (() => unknown)[] = [];
    try {
      const database = await startDynamoDbLocal();
      closers.push(() => database.stop());
      const servers = await startServers(PORTS);
      closers.push(() => servers.close());
      const clock = { now: Math.floor(Date.now() / 60_000) * 60_000 };
      const world = await openBenchWorld(database.endpoint, () => clock.now);
      closers.push(
        () => world.store.close(),
        () => world.outbound.close(),
      );
      log(`storing ${nodes} nodes and their cells`);
      await storeFleet(world, nodes, servers.ports);
      return await measure(world, clock, nodes, log);
    } finally {
      for (const close of closers.reverse()) await close();
    }
  },
};

async function openBenchWorld(endpoint: string, now: () => number): Promise<World> {
  const config = readConfig({
    DYNAMODB_ENDPOINT: endpoint,
    ARX_TABLE_PREFIX: "bench",
    ARX_ALLOW_LOOPBACK: "true",
  });
  const store = openStore(config);
  for (const spec of TABLES) await createTable(store.doc, spec, store.table(spec));
  const quiet = { info() {}, warn: console.warn, error: console.error };
  const outbound = createOutbound({ allowLoopback: true });
  const sealer = passingSealer();
  return { config, store, outbound, sealer, log: quiet, now, random: Math.random, memory: new Map() };
}

async function measure(
  world: World,
  clock: { now: number },
  nodes: number,
  log: (line: string) => void,
): Promise<Figure[]> {
  const { take } = meter(world.store);
  const reports: SweepReport[] = [];
  const work = makeHealth(
    () => world,
    (given) => reports.push(...given),
  );
  const used: (Metered & { wallS: number; cpuS: number; orders: number })[] = [];
  const warmUps = Math.ceil(WARM_UP_CHECKS / nodes);
  for (let i = 0; i < warmUps + SWEEPS; i++) {
    clock.now += INTERVAL_S * 1000;
    take();
    reports.length = 0;
    const orders = await ordersOf(world, clock.now);
    const cpu = process.cpuUsage();
    const started = performance.now();
    const redelivered = await workOff(work, orders);
    const wallS = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const sum = (of: "probed" | "failing" | "flips" | "lost") =>
      reports.reduce((all, report) => all + report[of], 0);
    if (redelivered === 0 && sum("probed") !== nodes) throw new Error("A sweep was not whole.");
    log(
      `sweep ${i}: ${wallS.toFixed(2)} s, ${sum("failing")} failing, ${sum("flips")} flips, ${sum("lost")} lost, ${redelivered} orders again`,
    );
    if (i >= warmUps) used.push({ ...take(), wallS, cpuS: (user + system) / 1e6, orders: orders.length });
  }
  const alone = await probingAlone(world);
  return figuresOf(
    used,
    nodes,
    reports.reduce((sum, { cells }) => sum + cells, 0),
    alone,
  );
}

/** The orders of one wave, as dispatch makes them; what dispatch itself costs is counted too, twice a minute instead of once. */
async function ordersOf(world: World, now: number): Promise<SweepOrder[]> {
  const orders: SweepOrder[] = [];
  const queue = { send: async (sent: readonly SweepOrder[]) => void orders.push(...sent) };
  await Watching.dispatch(world, queue, now, INTERVAL_S);
  return orders;
}

/** Has orders carried out, those that fail again and again as a queue would. @returns how many were delivered more than once. */
async function workOff(work: ReturnType<typeof makeHealth>, orders: readonly SweepOrder[]): Promise<number> {
  let again = 0;
  for (let left = [...orders]; left.length > 0; ) {
    const { batchItemFailures } = await work(batchOf(left));
    left = batchItemFailures.map(({ itemIdentifier }) => left[Number(itemIdentifier)]!);
    again += left.length;
    if (again > 5 * orders.length) throw new Error("Orders keep failing.");
  }
  return again;
}

function batchOf(orders: readonly SweepOrder[]): SQSEvent {
  return {
    Records: orders.map(
      (order, i) =>
        ({ messageId: String(i), body: JSON.stringify(order), eventSource: "aws:sqs" }) as SQSRecord,
    ),
  };
}

/** Seconds for the probes and verdicts of the whole fleet, with nothing read from or written to the store. */
async function probingAlone(world: World): Promise<number> {
  const states: CellState[] = [];
  for await (const { cells } of Cells.units(world)) states.push(...(await Cells.read(world, cells)));
  const { probes: lanes } = lanesOf(world);
  const started = performance.now();
  await Promise.all(
    states.map(async (state) => {
      const probes = new Map<string, Probed>();
      await Promise.all(
        state.members.map(async ({ id, epoch, probe_url }) => {
          probes.set(id, { epoch, result: await lanes(() => probe(world, probe_url!)) });
        }),
      );
      foldCell(state, probes, { failureThreshold: 3, protected: false }, world.now());
    }),
  );
  return (performance.now() - started) / 1000;
}

function figuresOf(
  used: readonly (Metered & { wallS: number; cpuS: number; orders: number })[],
  nodes: number,
  cells: number,
  aloneS: number,
): Figure[] {
  const mean = (of: (one: (typeof used)[number]) => number) =>
    used.reduce((sum, one) => sum + of(one), 0) / used.length;
  const median = used.map(({ wallS }) => wallS).sort((a, b) => a - b)[Math.floor(used.length / 2)]!;
  const written = (table: string) => mean((one) => one.written.get(table) ?? 0);
  const cpuSeconds = mean(({ cpuS }) => cpuS);
  const cost = dollarsPerNodeMonth(
    {
      nodes,
      orders: mean(({ orders }) => orders),
      readUnits: mean(({ readUnits }) => readUnits),
      writeUnits: mean(({ writeUnits }) => writeUnits),
      cpuSeconds,
    },
    INTERVAL_S,
  );
  return [
    { name: "nodes swept", value: nodes, unit: "nodes" },
    { name: "cells", value: cells, unit: "cells" },
    {
      name: "whole sweep, store included",
      value: nodes / median,
      unit: "checks/s",
      bar: { op: ">=", value: 2000 },
    },
    { name: "probes and verdicts alone", value: nodes / aloneS, unit: "checks/s" },
    { name: "worker CPU per check, store included", value: (cpuSeconds / nodes) * 1e3, unit: "ms" },
    {
      name: "writes to nodes, none of which changed",
      value: written("nodes"),
      unit: "items",
      bar: { op: "==", value: 0 },
    },
    {
      name: "writes to cells, their directory included, per cell",
      value: written("cells") / cells,
      unit: "items",
    },
    { name: "writes of metrics, per cell", value: written("metrics") / cells, unit: "items" },
    { name: "writes to the fleet's tally", value: written("fleet"), unit: "items" },
    { name: "write units per cell", value: mean(({ writeUnits }) => writeUnits) / cells, unit: "WRU" },
    { name: "read units per cell", value: mean(({ readUnits }) => readUnits) / cells, unit: "RRU" },
    ...Object.entries(cost).map(([part, value]) => ({
      name: part === "total" ? "cost, all of it" : `cost, ${part}`,
      value,
      unit: "$/node-month",
      ...(part === "total" ? { bar: { op: "<=" as const, value: 0.01 } } : {}),
    })),
  ];
}

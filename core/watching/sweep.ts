import { type CellState, Cells, type Member } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { Fleet } from "../fleet/index.ts";
import { Nodes } from "../nodes/index.ts";
import { lanesOf } from "./lanes.ts";
import { probe } from "./probe.ts";
import { judge } from "./protection.ts";
import type { SweepOrder } from "./queue.ts";
import type { SweepReport } from "./report.ts";
import { countCell, type Probed, type Round } from "./round.ts";
import { flipNode, isNews, isUnseen, type Settled, settleCell } from "./settle.ts";

/**
 * Carries out an order: reads its cells, probes their nodes, judges, and writes each cell once. An order that comes twice or late finds
 * nothing due. Several may run at once in one process; the probes of all of them share its lanes.
 *
 * @returns what it came to, or null when nothing was due.
 * @throws when a cell could not be written; every other cell was, and a repeat of the order does the rest.
 */
export async function sweep(world: World, order: SweepOrder): Promise<SweepReport | null> {
  const started = performance.now();
  const only = order.only && new Set(order.only);
  const cells = await Cells.read(world, order.cells);
  const wanted = (state: CellState, member: Member) =>
    !only || (only.has(member.id) && isUnseen(state, member));
  const due = cells.filter((state) =>
    only ? state.members.some((member) => wanted(state, member)) : isNews(state, order.wave),
  );
  if (due.length === 0 && (only || cells.length > 0)) return null;

  const probes = await probeAll(world, due, wanted);
  const probing_ms = performance.now() - started;
  const counts = sum(due.map((state) => countCell(state, probes)));
  const isProtected = only ? await Fleet.isProtected(world) : await judgeWave(world, order, counts);

  const wave = only ? undefined : order.wave;
  const judged = {
    directory: order.directory,
    wave,
    protected: isProtected,
    probes,
    newcomers: only !== undefined,
  };
  const settled = await Promise.allSettled(due.map((state) => settleCell(world, state, judged)));
  const done = settled.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  await Promise.all([
    publish(world, order, due, settled),
    only ? undefined : patrol(world, order, due, settled),
  ]);

  const fault = settled.find((end) => end.status === "rejected");
  if (fault) throw fault.reason;
  return {
    wave: order.wave,
    directory: order.directory,
    cells: due.length,
    members: due.reduce((all, state) => all + state.members.length, 0),
    ...counts,
    flips: done.reduce((all, { flips }) => all + flips, 0),
    lost: done.filter(({ version }) => version === null).length,
    protected: isProtected,
    duration_ms: Math.round(performance.now() - started),
    probing_ms: Math.round(probing_ms),
  };
}

async function probeAll(
  world: World,
  states: readonly CellState[],
  wanted: (state: CellState, member: Member) => boolean,
): Promise<Map<string, Probed>> {
  const { probes: lanes } = lanesOf(world);
  const found = new Map<string, Probed>();
  await Promise.all(
    states.flatMap((state) =>
      state.members.map(async (member) => {
        const { id, epoch, probe_url } = member;
        if (probe_url === undefined || !wanted(state, member)) return;
        found.set(id, { epoch, result: await lanes(() => probe(world, probe_url)) });
      }),
    ),
  );
  return found;
}

type Counts = ReturnType<typeof countCell>;

function sum(all: readonly Counts[]): Counts {
  const total = { pool: 0, failing: 0, probed: 0, connections: 0 };
  for (const { pool, failing, probed, connections } of all) {
    total.pool += pool;
    total.failing += failing;
    total.probed += probed;
    total.connections += connections;
  }
  return total;
}

/** Whether the fleet is protected, with this unit counted in (SPEC H9); files it when that is certain. */
async function judgeWave(world: World, order: SweepOrder, counts: Counts): Promise<boolean> {
  const { running, previous, state } = await Fleet.count(world, order.wave, order, counts);
  const judged = judge(running, previous, order.units);
  if (judged.certain) await Fleet.protect(world, { protected: judged.protected, wave: order.wave }, state);
  return judged.protected;
}

async function publish(
  world: World,
  order: SweepOrder,
  due: readonly CellState[],
  settled: readonly PromiseSettledResult<Settled>[],
): Promise<void> {
  const versions = new Map<string, number>();
  settled.forEach((end, i) => {
    if (end.status === "fulfilled" && end.value.version !== null)
      versions.set(due[i]!.cell, end.value.version);
  });
  if (versions.size > 0) await Cells.publish(world, order.directory, versions);
}

/**
 * Compares one node of each cell, in turn, with its record, and puts the record right where it missed a flip: whatever was lost between
 * the two (a crash, a restored table) heals within as many sweeps as the cell has nodes, for half a read unit a cell.
 */
async function patrol(
  world: World,
  order: SweepOrder,
  due: readonly CellState[],
  settled: readonly PromiseSettledResult<Settled>[],
): Promise<void> {
  const turn = Math.floor(order.wave / world.config.HEALTH_CHECK_INTERVAL);
  const seen = new Map<string, Round>();
  settled.forEach((end, i) => {
    const { members } = due[i]!;
    const member = members[turn % members.length];
    if (member && end.status === "fulfilled" && end.value.round) seen.set(member.id, end.value.round);
  });
  for (const record of await Nodes.findAll(world, [...seen.keys()])) {
    const held = seen.get(record.id)?.nodes.get(record.id);
    if (held?.epoch !== record.epoch || held.health === record.health) continue;
    await flipNode(
      world,
      order,
      record.id,
      held.epoch,
      held.health,
      "Its record had missed what its cell holds.",
    );
  }
}

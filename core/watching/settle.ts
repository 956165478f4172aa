import { type CellState, Cells, type Member } from "../cells/index.ts";
import { systemCtx, type World } from "../ctx.ts";
import { Metrics } from "../metrics/index.ts";
import { Nodes } from "../nodes/index.ts";
import type { Health } from "../nodes/lifecycle.ts";
import { lanesOf } from "./lanes.ts";
import { type Drained, type Flipped, foldCell, type Probes, type Round } from "./round.ts";

/** Tries a cell has when others write it meanwhile: a check or a newly active node that came between. */
const TRIES = 4;

const FLIP_TRIES = 3;

export interface Judged {
  readonly directory: string;
  /** The sweep to fold in; undefined for probes out of turn, which leave the cell's wave and time as they are. */
  readonly wave: number | undefined;
  readonly protected: boolean;
  readonly probes: Probes;
  /** Whether only nodes that were never seen in their activation are folded: then a repeat changes nothing. */
  readonly newcomers?: boolean;
}

export interface Settled {
  /** What the cell holds now; null when somebody else's sweep was first, or the cell is no more. */
  readonly round: Round | null;
  readonly flips: number;
  /** Cells that were written, 0 or 1. */
  readonly version: number | null;
}

/**
 * Folds probes into a cell and writes it once; before that, tells Nodes who flipped, so that a crash in between repeats a flip that is
 * there already instead of losing one. Cells decide: what a lost write had told Nodes is put right by what the cell holds.
 */
export async function settleCell(world: World, first: CellState, judged: Judged): Promise<Settled> {
  const told = new Map<string, Flipped>();
  let state: CellState | undefined = first;
  for (let tries = 0; state && isDue(state, judged) && tries < TRIES; tries++) {
    const at = judged.wave === undefined ? (state.observed?.at ?? world.now()) : world.now();
    const round = foldCell(state, probesFor(state, judged), policyOf(world, judged), world.now());
    await tellFlips(world, round, judged);
    for (const flip of round.flips) told.set(flip.id, flip);
    const wave = judged.wave ?? state.observed?.wave ?? 0;
    const version = await lanesOf(world).writes(() =>
      Cells.writeObservation(world, state!.cell, state!.observed, { wave, at, nodes: round.nodes }),
    );
    if (version !== null) {
      await Promise.all([
        tellDrained(world, round.drained, judged),
        keepMetrics(world, state, judged, round, at),
      ]);
      return { round, flips: round.flips.length, version };
    }
    [state] = await Cells.read(world, [state.cell]);
  }
  if (state) await putRight(world, state, told, judged);
  return { round: null, flips: 0, version: null };
}

function isDue(state: CellState, judged: Judged): boolean {
  return judged.wave === undefined ? probesFor(state, judged).size > 0 : isNews(state, judged.wave);
}

/** Whether a sweep is news to a cell (SPEC H8). */
export function isNews(state: CellState, wave: number): boolean {
  return state.observed === null || state.observed.wave < wave;
}

function probesFor(state: CellState, { probes, newcomers }: Judged): Probes {
  if (!newcomers) return probes;
  return new Map(
    state.members
      .filter((member) => isUnseen(state, member))
      .flatMap(({ id }) => {
        const probed = probes.get(id);
        return probed ? [[id, probed] as const] : [];
      }),
  );
}

/** Whether nothing was observed of a member in its activation yet. */
export function isUnseen(state: CellState, { id, epoch }: Member): boolean {
  return state.observed?.nodes.get(id)?.epoch !== epoch;
}

function policyOf(world: World, judged: Judged) {
  return { failureThreshold: world.config.HEALTH_FAILURE_THRESHOLD, protected: judged.protected };
}

/** Tells Nodes of flips. One that can't be told is not taken over into the cell either: the next sweep finds it again. */
async function tellFlips(world: World, round: Round, judged: Judged): Promise<void> {
  await Promise.all(
    round.flips.map(async (flip) => {
      try {
        await flipNode(world, judged, flip.id, flip.epoch, flip.to, flip.evidence);
      } catch (error) {
        world.log.warn("A flip could not be stored; the next sweep tries again.", {
          node_id: flip.id,
          error,
        });
        round.nodes.set(flip.id, { ...round.nodes.get(flip.id)!, health: flip.from });
      }
    }),
  );
}

/** Sets a node's health as its cell has it; tried again at once, for it may be there already and only its answer be lost. */
export async function flipNode(
  world: World,
  judged: Pick<Judged, "directory" | "wave">,
  id: string,
  epoch: number,
  health: Health,
  evidence: string,
): Promise<void> {
  const ctx = systemCtx(world, "sweep", `sweep-${judged.wave ?? "now"}-${judged.directory}`);
  for (let tries = 1; ; tries++) {
    try {
      await lanesOf(world).writes(() => Nodes.flip(ctx, { id, epoch, health, evidence }));
      return;
    } catch (error) {
      if (tries === FLIP_TRIES) throw error;
    }
  }
}

async function tellDrained(world: World, drained: readonly Drained[], judged: Judged): Promise<void> {
  const ctx = systemCtx(world, "sweep", `sweep-${judged.wave ?? "now"}-${judged.directory}`);
  await Promise.all(
    drained.map((done) =>
      lanesOf(world)
        .writes(() => Nodes.settleDrain(ctx, done))
        .catch((error: unknown) => {
          world.log.warn("The end of a drain could not be stored; the next sweep tries again.", {
            node_id: done.id,
            error,
          });
        }),
    ),
  );
}

async function putRight(
  world: World,
  state: CellState,
  told: ReadonlyMap<string, Flipped>,
  judged: Judged,
): Promise<void> {
  for (const { id, epoch, to } of told.values()) {
    const held = state.observed?.nodes.get(id);
    if (held?.epoch !== epoch || held.health === to) continue;
    await flipNode(world, judged, id, epoch, held.health, "Another sweep of the same node came first.");
  }
}

async function keepMetrics(
  world: World,
  state: CellState,
  judged: Judged,
  round: Round,
  at: number,
): Promise<void> {
  if (judged.wave === undefined) return;
  const minute = (ms: number) => Math.floor(ms / 60_000);
  if (state.observed && minute(state.observed.at) === minute(at)) return;
  const seen = [...round.nodes].filter(([id]) => judged.probes.get(id)?.result.pass);
  try {
    await lanesOf(world).writes(() => Metrics.record(world, state.cell, at, seen));
  } catch (error) {
    // History is worth less than watching: a minute of it may be missing.
    world.log.warn("The metrics of a cell could not be stored.", { cell: state.cell, error });
  }
}

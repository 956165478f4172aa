import { Cells, type NodeObservation } from "../cells/index.ts";
import type { Ctx } from "../ctx.ts";
import { Conflict, NotFound } from "../errors.ts";
import { Fleet } from "../fleet/index.ts";
import { iso } from "../id.ts";
import { Nodes } from "../nodes/index.ts";
import { isWatched, statusOf } from "../nodes/lifecycle.ts";
import { type NodeRecord, probeUrlOf } from "../nodes/record.ts";
import { byId } from "../nodes/schema.ts";
import { verb } from "../verb.ts";
import { type ProbeResult, probe } from "./probe.ts";
import type { CheckView } from "./schema.ts";
import { settleCell } from "./settle.ts";

/** Tries to find the node's cell while cells split and merge around it. */
const TRIES = 3;

/**
 * Probes a node now, and folds the verdict into its cell as a sweep would; of a node that nobody watches it tells the verdict alone.
 *
 * @throws NotFound; Conflict for a node that has no endpoint to probe.
 */
export const check = verb(byId, async (ctx, { id }): Promise<CheckView> => {
  const record = await Nodes.find(ctx, id, { consistent: true });
  if (!record) throw new NotFound(`There is no node ${id}.`);
  const url = probeUrlOf(record);
  if (url === undefined)
    throw new Conflict(`The node ${id} has no endpoint to probe; it speaks for itself alone.`);
  const result = await probe(ctx, url);
  const checked_at = iso(ctx.now());
  const observation = isWatched(record.desired_state) ? await foldIn(ctx, record, result) : undefined;
  const health = observation?.health ?? record.health;
  return {
    node_id: id,
    status: statusOf(record.desired_state, health),
    health,
    verdict: result.pass ? "pass" : "fail",
    evidence: { ...result.evidence, status: result.evidence.status ?? null },
    consecutive_failures: observation?.failures ?? null,
    checked_at,
  };
});

async function foldIn(
  ctx: Ctx,
  record: NodeRecord,
  result: ProbeResult,
): Promise<NodeObservation | undefined> {
  const { id, epoch } = record;
  const isProtected = await Fleet.isProtected(ctx);
  const probes = new Map([[id, { epoch, result }]]);
  for (let tries = 0; tries < TRIES; tries++) {
    const [place] = await Cells.unitsOf(ctx, [record]);
    if (!place) return undefined;
    const { directory, cells } = place.unit;
    const states = await Cells.read(ctx, cells);
    const state = states.find(({ members }) => members.some((member) => member.id === id));
    if (!state) continue;
    const settled = await settleCell(ctx, state, {
      directory,
      wave: undefined,
      protected: isProtected,
      probes,
    });
    if (settled.version === null || !settled.round) continue;
    await Cells.publish(ctx, directory, new Map([[state.cell, settled.version]]));
    return settled.round.nodes.get(id);
  }
  return undefined;
}

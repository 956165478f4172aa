import { Cells, type Touch } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { Unavailable } from "../errors.ts";
import { Metrics } from "../metrics/index.ts";
import { isWatched, type NodeRecord, Nodes } from "../nodes/index.ts";
import { watchNow } from "./newcomers.ts";
import type { SweepQueue } from "./queue.ts";

/** A write of a node's record, as the table's stream tells it; null before it was made and after it was deleted. */
export interface NodeChange {
  readonly before: NodeRecord | null;
  readonly after: NodeRecord | null;
}

/**
 * Does what follows from changes of nodes: their cells are brought in line with what the records are now, newcomers are probed at once,
 * and where a node was before it moved is kept. Told twice, late or out of order it comes to the same.
 *
 * @throws Unavailable when the cells could not be brought in line; nothing is lost by telling it again.
 */
export async function follow(world: World, queue: SweepQueue, changes: readonly NodeChange[]): Promise<void> {
  const concerning = changes.filter(({ before, after }) => Nodes.concernsCells(before, after));
  if (concerning.length === 0) return;
  if (!(await Cells.reflect(world, touchesOf(concerning), Nodes.memberSource(world)))) {
    throw new Unavailable("The cells are being changed by others; try again.");
  }
  await Promise.all([keepFormerPlaces(world, concerning), watchNow(world, queue, newcomersIn(concerning))]);
}

/** One touch for each node, with every place that it was in. */
function touchesOf(changes: readonly NodeChange[]): Touch[] {
  const touches = new Map<string, Touch>();
  for (const { before, after } of changes) {
    const touch = Nodes.touchOf(before, after);
    touches.set(touch.id, { ...touch, places: [...(touches.get(touch.id)?.places ?? []), ...touch.places] });
  }
  return [...touches.values()];
}

/** Nodes that are in an activation that nothing was seen of: each in its newest place, once. */
function newcomersIn(changes: readonly NodeChange[]): NodeRecord[] {
  const found = new Map<string, NodeRecord>();
  for (const { before, after } of changes) {
    if (!after || after.health !== "unknown" || !isWatched(after.desired_state)) continue;
    const begins = !before || before.epoch !== after.epoch || !isWatched(before.desired_state);
    if (begins || found.has(after.id)) found.set(after.id, after);
  }
  return [...found.values()];
}

async function keepFormerPlaces(world: World, changes: readonly NodeChange[]): Promise<void> {
  for (const { before, after } of changes) {
    if (!before || !after || (before.lat === after.lat && before.lng === after.lng)) continue;
    await Metrics.moved(world, before.id, { lat: before.lat, lng: before.lng }, after.updated_at);
  }
}

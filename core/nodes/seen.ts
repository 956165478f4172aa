import { Cells } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { isWatched } from "./lifecycle.ts";
import type { NodeRecord, Observation } from "./record.ts";
import { type NodeView, viewOf } from "./view.ts";

/** What was last observed of these nodes in their present epochs, by id; nothing of those that nobody watches. */
export async function observations(
  world: World,
  records: readonly NodeRecord[],
): Promise<ReadonlyMap<string, Observation>> {
  const watched = records.filter(({ desired_state }) => isWatched(desired_state));
  return watched.length === 0 ? new Map<string, Observation>() : Cells.observe(world, watched);
}

/** A node's whole record with what was last observed of it. */
export async function viewSeen(world: World, record: NodeRecord): Promise<NodeView> {
  return viewOf(record, (await observations(world, [record])).get(record.id));
}

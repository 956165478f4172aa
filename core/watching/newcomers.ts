import { Cells } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import type { SweepQueue } from "./queue.ts";

/** Where a node is filed. */
export interface Place {
  readonly id: string;
  readonly lat?: number | undefined;
  readonly lng?: number | undefined;
}

/** Orders nodes that just became active to be probed at once, so that they are seen in well under a sweep. */
export async function watchNow(world: World, queue: SweepQueue, places: readonly Place[]): Promise<void> {
  if (places.length === 0) return;
  const wave = Math.floor(world.now() / 1000);
  const units = await Cells.unitsOf(world, places);
  const orders = units.map(({ unit, ids }) => ({ ...unit, wave, only: ids }));
  if (orders.length > 0) await queue.send(orders, 0);
}

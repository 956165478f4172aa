import type { World } from "../../core/ctx.ts";
import { type SweepQueue, Watching } from "../../core/watching/index.ts";
import { healthQueue } from "../queues/from-config.ts";
import { openWorld } from "../world.ts";

/** The schedule's job: orders the sweeps of its window (a minute on AWS). */
export function makeDispatch(
  open: () => World,
  queueOf: (world: World) => SweepQueue,
  windowS = 60,
): () => Promise<void> {
  let opened: { world: World; queue: SweepQueue } | undefined;
  return async () => {
    if (!opened) {
      const world = open();
      opened = { world, queue: queueOf(world) };
    }
    const { world, queue } = opened;
    await Watching.dispatch(world, queue, world.now(), windowS);
  };
}

export const handler = makeDispatch(() => openWorld("dispatch"), healthQueue);

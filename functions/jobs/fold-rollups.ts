import type { World } from "../../core/ctx.ts";
import { Rollups } from "../../core/rollups/index.ts";
import { openWorld } from "../world.ts";

/** Makes hours of the minutes that have passed, and days of the hours. */
export function makeFoldRollups(open: () => World): () => Promise<Rollups.Folded> {
  let world: World | undefined;
  return async () => {
    world ??= open();
    return Rollups.fold(world);
  };
}

export const handler = makeFoldRollups(() => openWorld("fold-rollups"));

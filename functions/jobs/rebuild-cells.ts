import { Cells } from "../../core/cells/index.ts";
import type { World } from "../../core/ctx.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { openWorld } from "../world.ts";

/** Brings the cells in line with the nodes: weekly, against whatever went wrong unseen, and by hand. */
export function makeRebuildCells(open: () => World): () => Promise<Cells.Rebuilt> {
  let world: World | undefined;
  return async () => {
    world ??= open();
    const rebuilt = await Cells.rebuild(world, Nodes.truth(world));
    world.log.info("The cells are in line with the nodes", { ...rebuilt });
    return rebuilt;
  };
}

export const handler = makeRebuildCells(() => openWorld("rebuild-cells"));

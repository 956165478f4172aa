import { Cells } from "../../core/cells/index.ts";
import { CELLS } from "../../core/cells/items.ts";
import type { World } from "../../core/ctx.ts";
import { openWorld } from "../world.ts";
import { makeOutbox, type OutboxHandler } from "./outbox.ts";

/** Puts the names of cells that were swept into the log of events. */
export function makeCellEvents(open: () => World): OutboxHandler {
  return makeOutbox(open, CELLS, ({ after }) => {
    const swept = Cells.sweptCell(after);
    return swept === null ? null : { facts: [], swept };
  });
}

export const handler = makeCellEvents(() => openWorld("cell-events"));

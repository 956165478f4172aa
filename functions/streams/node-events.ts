import type { World } from "../../core/ctx.ts";
import { Events } from "../../core/events/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { NODES } from "../../core/nodes/items.ts";
import { openWorld } from "../world.ts";
import { makeOutbox, type OutboxHandler } from "./outbox.ts";

/** Puts what changed of nodes into the log of events. */
export function makeNodeEvents(open: () => World): OutboxHandler {
  return makeOutbox(open, NODES, ({ before, after, at }) => {
    const facts = Events.nodeEvents(Nodes.nodeOfImage(before), Nodes.nodeOfImage(after), at);
    return facts.length > 0 ? { facts } : null;
  });
}

export const handler = makeNodeEvents(() => openWorld("node-events"));

import type { World } from "../../core/ctx.ts";
import { Events } from "../../core/events/index.ts";
import { REQUESTS } from "../../core/requests/items.ts";
import { openWorld } from "../world.ts";
import { makeOutbox, type OutboxHandler } from "./outbox.ts";

/** Puts what was routed into the log of events. */
export function makeRequestEvents(open: () => World): OutboxHandler {
  return makeOutbox(open, REQUESTS, ({ before, after }) =>
    after && !before ? { facts: Events.requestEvents(after) } : null,
  );
}

export const handler = makeRequestEvents(() => openWorld("request-events"));

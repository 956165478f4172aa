import type { World } from "../../core/ctx.ts";
import type { Peers } from "../../core/realtime/index.ts";
import { sessionOfImage } from "../../core/users/sessions/items.ts";
import { openWorld } from "../world.ts";
import { openCloser } from "../ws/peers.ts";
import { type EndsHandler, makeEnds } from "./ends.ts";

/** Ends the sockets of sessions that have ended. */
export function makeSessionEnds(
  open: () => World,
  peersOf: (world: World) => Pick<Peers, "close">,
): EndsHandler {
  return makeEnds(open, peersOf, (image) => {
    const session = sessionOfImage(image);
    return session === null ? null : `session#${session}`;
  });
}

export const handler = makeSessionEnds(() => openWorld("session-ends"), openCloser);

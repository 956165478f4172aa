import type { World } from "../../core/ctx.ts";
import { serviceKeyOfImage } from "../../core/keys/items.ts";
import type { Peers } from "../../core/realtime/index.ts";
import { openWorld } from "../world.ts";
import { openCloser } from "../ws/peers.ts";
import { type EndsHandler, makeEnds } from "./ends.ts";

/** Ends the sockets of service keys that were deleted. */
export function makeKeyEnds(open: () => World, peersOf: (world: World) => Pick<Peers, "close">): EndsHandler {
  return makeEnds(open, peersOf, (image) => {
    const key = serviceKeyOfImage(image);
    return key === null ? null : `service:${key}`;
  });
}

export const handler = makeKeyEnds(() => openWorld("key-ends"), openCloser);

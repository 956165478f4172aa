import { discovery } from "../../contract/endpoints/discovery.ts";
import type { World } from "../../core/ctx.ts";
import { Discovery } from "../../core/discovery/index.ts";
import { etagOf } from "../../core/nodes/index.ts";
import { openWorld } from "../world.ts";
import { bind, created, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { repeatable } from "./idempotency.ts";

const bound = bind(discovery, {
  discoverNode: async (ctx, input) => {
    const node = await Discovery.discover(ctx, input);
    return created(node, { etag: etagOf(node.revision), location: `/api/v1/nodes/${node.id}` });
  },
  discoverNodes: async (ctx, input) => {
    const answer = await Discovery.batch(ctx, input);
    return { status: answer.failed === 0 ? 200 : 207, body: answer };
  },
  scanNetwork: async (ctx, input) => ok(await Discovery.scan(ctx, input)),
});

/** The function that looks for nodes. */
export function makeDiscovery(open: () => World): HttpHandler {
  return serve(open, bound, { repeatable });
}

export const handler = makeDiscovery(() => openWorld("discovery"));

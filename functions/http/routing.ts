import { routing } from "../../contract/endpoints/routing.ts";
import type { World } from "../../core/ctx.ts";
import { Routing } from "../../core/routing/index.ts";
import { openWorld } from "../world.ts";
import { bind, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";

export function makeRouting(open: () => World): HttpHandler {
  return serve(open, bind(routing, { route: async (ctx, input) => ok(await Routing.route(ctx, input)) }));
}

export const handler = makeRouting(() => openWorld("routing"));

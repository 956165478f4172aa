import { realtime } from "../../contract/endpoints/realtime.ts";
import type { World } from "../../core/ctx.ts";
import { Realtime } from "../../core/realtime/index.ts";
import { openWorld } from "../world.ts";
import { bind, created, type HttpRequest } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";

const bound = bind(realtime, {
  createTicket: async (ctx, _input, request) =>
    created({
      ...(await Realtime.issueTicket(ctx)),
      url: ctx.config.ARX_REALTIME_URL ?? besideThis(request),
    }),
});

/** Where the local run, or a custom domain, has its WebSockets: beside its HTTP. */
function besideThis({ origin }: HttpRequest): string {
  return `${origin.replace(/^http/, "ws")}/ws/admin`;
}

export function makeTickets(open: () => World): HttpHandler {
  return serve(open, bound);
}

export const handler = makeTickets(() => openWorld("tickets"));

import { realtime } from "../../contract/endpoints/realtime.ts";
import type { World } from "../../core/ctx.ts";
import { Limits } from "../../core/limits/index.ts";
import { Realtime } from "../../core/realtime/index.ts";
import { openWorld } from "../world.ts";
import { bind, created, type HttpRequest } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { identityOf } from "./limited.ts";

const bound = bind(realtime, {
  createTicket: async (ctx, _input, request) => {
    await Limits.take(ctx, { name: "ticket", key: identityOf(ctx) });
    const url = ctx.config.ARX_REALTIME_URL ?? besideThis(request);
    return created({ ...(await Realtime.issueTicket(ctx)), url });
  },
});

/** Where the local run, or a custom domain, has its WebSockets: beside its HTTP. */
function besideThis({ origin }: HttpRequest): string {
  return `${origin.replace(/^http/, "ws")}/ws/admin`;
}

export function makeTickets(open: () => World): HttpHandler {
  return serve(open, bound);
}

export const handler = makeTickets(() => openWorld("tickets"));

import { requests } from "../../contract/endpoints/requests.ts";
import type { World } from "../../core/ctx.ts";
import { Requests } from "../../core/requests/index.ts";
import { openWorld } from "../world.ts";
import { bind, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { file } from "./file.ts";
import { nextLink } from "./page.ts";

const bound = bind(requests, {
  listRequests: async (ctx, input, request) => {
    const { items, next } = await Requests.list(ctx, input);
    return ok(items, nextLink(request, next));
  },
  exportRequests: async (ctx, input, request) =>
    file(request, "requests", await Requests.exportPage(ctx, input)),
  getRequest: async (ctx, input) => ok(await Requests.get(ctx, input)),
});

export function makeRequests(open: () => World): HttpHandler {
  return serve(open, bound);
}

export const handler = makeRequests(() => openWorld("requests"));

import { requests } from "../../contract/endpoints/requests.ts";
import type { World } from "../../core/ctx.ts";
import { Requests } from "../../core/requests/index.ts";
import { openWorld } from "../world.ts";
import { bind, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { nextLink } from "./page.ts";

const FILES = {
  json: { type: "application/json", extension: "json" },
  ndjson: { type: "application/x-ndjson", extension: "ndjson" },
  csv: { type: "text/csv; charset=utf-8", extension: "csv" },
} as const;

const bound = bind(requests, {
  listRequests: async (ctx, input, request) => {
    const { items, next } = await Requests.list(ctx, input);
    return ok(items, nextLink(request, next));
  },
  exportRequests: async (ctx, input, request) => {
    const { format, text, next } = await Requests.exportPage(ctx, input);
    const { type, extension } = FILES[format];
    return ok(text, {
      "content-type": type,
      "content-disposition": `attachment; filename="requests.${extension}"`,
      "x-export-complete": String(next === undefined),
      ...nextLink(request, next),
    });
  },
  getRequest: async (ctx, input) => ok(await Requests.get(ctx, input)),
});

export function makeRequests(open: () => World): HttpHandler {
  return serve(open, bound);
}

export const handler = makeRequests(() => openWorld("requests"));

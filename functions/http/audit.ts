import { audit } from "../../contract/endpoints/audit.ts";
import { Audit } from "../../core/audit/index.ts";
import type { World } from "../../core/ctx.ts";
import { openWorld } from "../world.ts";
import { bind, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { file } from "./file.ts";
import { nextLink } from "./page.ts";

const bound = bind(audit, {
  listAudit: async (ctx, input, request) => {
    const { items, next } = await Audit.list(ctx, input);
    return ok(items, nextLink(request, next));
  },
  exportAudit: async (ctx, input, request) => file(request, "audit", await Audit.exportPage(ctx, input)),
});

export function makeAudit(open: () => World): HttpHandler {
  return serve(open, bound);
}

export const handler = makeAudit(() => openWorld("audit"));

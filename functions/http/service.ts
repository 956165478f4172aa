import { service } from "../../contract/endpoints/service.ts";
import { ENDPOINTS } from "../../contract/index.ts";
import { type Page, renderPage } from "../../contract/openapi/page.ts";
import { type Document, openApiDocument } from "../../contract/openapi.ts";
import type { Ctx, World } from "../../core/ctx.ts";
import { iso } from "../../core/id.ts";
import { getItem } from "../../core/store/index.ts";
import { IDEMPOTENCY } from "../../core/tables.ts";
import { openWorld } from "../world.ts";
import { type Answer, bind, type HttpRequest, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";

const NAME = "arx";
/** How long the store may take to count as connected, in ms. */
const STORE_TIMEOUT_MS = 1000;

/** The function that speaks for Arx itself, and answers for every path that no other function has. */
export function makeService(open: () => World): HttpHandler {
  const began = performance.now();
  const pages = new Map<string, Page>();
  const bound = bind(service, {
    getService: async (ctx) =>
      ok({
        service: NAME,
        version: ctx.config.ARX_VERSION,
        links: {
          health: "/api/v1/health",
          openapi: "/api/v1/openapi.json",
          docs: "/docs",
          nodes: "/api/v1/nodes",
        },
      }),
    getHealth: async (ctx) => health(ctx, { uptime_seconds: Math.round((performance.now() - began) / 1000) }),
    getHealthV1: async (ctx) => health(ctx, { timestamp: iso(ctx.now()) }),
    getOpenApi: async (ctx, _input, request) => ok(documentOf(ctx, request)),
    getDocs: async (ctx, _input, request) => docs(documentOf(ctx, request), pages),
  });
  return serve(open, bound, { endpoints: Object.values(ENDPOINTS) });
}

export const handler = makeService(() => openWorld("service"));

async function health(ctx: Ctx, more: Readonly<Record<string, unknown>>): Promise<Answer> {
  const connected = await isConnected(ctx);
  const body = {
    status: connected ? "healthy" : "unhealthy",
    service: NAME,
    version: ctx.config.ARX_VERSION,
    database: { connected },
    ...more,
  };
  return { status: connected ? 200 : 503, body };
}

/** Whether a read of one item, which need not be there, comes back in time. */
async function isConnected(ctx: Ctx): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, STORE_TIMEOUT_MS, false);
  });
  const read = getItem(ctx.store, IDEMPOTENCY, { id: "health" }).then(
    () => true,
    (error: unknown) => {
      ctx.log.warn("The store does not answer", { request_id: ctx.requestId, error: String(error) });
      return false;
    },
  );
  try {
    return await Promise.race([read, late]);
  } finally {
    clearTimeout(timer);
  }
}

function documentOf(ctx: Ctx, request: HttpRequest): Document {
  return openApiDocument({ serverUrl: request.origin, version: ctx.config.ARX_VERSION });
}

/** The page of a document, made once per origin; callers choose the Host header, so only the newest few are kept. */
function docs(document: Document, pages: Map<string, Page>): Answer {
  const origin = document.servers[0]!.url;
  const page = pages.get(origin) ?? renderPage(document);
  if (pages.size >= 4) pages.clear();
  pages.set(origin, page);
  return ok(page.html, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": page.policy,
  });
}

import { webhooks } from "../../contract/endpoints/webhooks.ts";
import type { World } from "../../core/ctx.ts";
import { etagOf } from "../../core/nodes/index.ts";
import { Webhooks } from "../../core/webhooks/index.ts";
import { openSealer } from "../sealed.ts";
import { openWorld } from "../world.ts";
import { bind, created, noContent, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { repeatable } from "./idempotency.ts";
import { nextLink } from "./page.ts";

const etag = ({ revision }: { readonly revision: number }) => ({ etag: etagOf(revision) });

const bound = bind(webhooks, {
  listWebhooks: async (ctx, input, request) => {
    const { items, next } = await Webhooks.list(ctx, input);
    return ok(items, nextLink(request, next));
  },
  createWebhook: async (ctx, input) => {
    const webhook = await Webhooks.create(ctx, input);
    return created(webhook, { ...etag(webhook), location: `/admin/api/v1/webhooks/${webhook.id}` });
  },
  getWebhook: async (ctx, input) => {
    const webhook = await Webhooks.get(ctx, input);
    return ok(webhook, etag(webhook));
  },
  updateWebhook: async (ctx, input) => {
    const webhook = await Webhooks.update(ctx, input);
    return ok(webhook, etag(webhook));
  },
  deleteWebhook: async (ctx, input) => {
    await Webhooks.remove(ctx, input);
    return noContent();
  },
  rotateWebhookSecret: async (ctx, input) => {
    const webhook = await Webhooks.rotateSecret(ctx, input);
    return ok(webhook, etag(webhook));
  },
  testWebhook: async (ctx, input) => ok(await Webhooks.test(ctx, input)),
});

export function makeWebhooks(open: () => World): HttpHandler {
  return serve(open, bound, { repeatable });
}

export const handler = makeWebhooks(() => openWorld("webhooks", openSealer));

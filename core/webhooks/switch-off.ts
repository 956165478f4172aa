import type { World } from "../ctx.ts";
import { newId } from "../id.ts";
import { replaceWebhook } from "./items.ts";
import type { WebhookRecord } from "./record.ts";
import { forget } from "./roster.ts";

/** Switches a webhook off and says why (SPEC W6). @returns false when it was changed meanwhile, which counts more. */
export async function switchOff(world: World, webhook: WebhookRecord, reason: string): Promise<boolean> {
  const after = {
    ...webhook,
    active: false,
    disabled_reason: reason,
    updated_at: Math.max(world.now(), webhook.updated_at),
    revision: webhook.revision + 1,
  };
  const isOff = await replaceWebhook(world.store, webhook, after, newId(world));
  forget(world);
  if (isOff) world.log.warn("A webhook was switched off", { webhook_id: webhook.id, reason });
  return isOff;
}

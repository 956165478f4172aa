import { Webhook } from "standardwebhooks";
import type { World } from "../ctx.ts";
import type { WebhookRecord } from "./record.ts";
import { secretsInForce } from "./secret.ts";

/**
 * The headers by which a receiver knows what a body is and who sent it (Standard Webhooks): a signature for every secret in force.
 *
 * @param now milliseconds since the epoch: of this attempt
 * @throws Unavailable when its secrets can't be opened now
 */
export async function signedHeaders(
  world: Pick<World, "sealer" | "memory">,
  webhook: Pick<WebhookRecord, "id" | "secrets">,
  id: string,
  body: string,
  now: number,
): Promise<Record<string, string>> {
  const secrets = await secretsInForce(world, webhook, now);
  const signatures = secrets.map((value) => new Webhook(value).sign(id, new Date(now), body));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": signatures.join(" "),
  };
}

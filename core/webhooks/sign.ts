import { Webhook } from "standardwebhooks";
import type { WebhookRecord } from "./record.ts";
import { secretsInForce } from "./secret.ts";

/**
 * The headers by which a receiver knows what a body is and who sent it (Standard Webhooks): a signature for every secret in force.
 *
 * @param now milliseconds since the epoch: of this attempt
 */
export function signedHeaders(
  webhook: Pick<WebhookRecord, "secrets">,
  id: string,
  body: string,
  now: number,
): Record<string, string> {
  const signatures = secretsInForce(webhook, now).map((value) =>
    new Webhook(value).sign(id, new Date(now), body),
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": signatures.join(" "),
  };
}

import { iso, newId } from "../id.ts";
import { verb } from "../verb.ts";
import { attempt } from "./attempt.ts";
import { known } from "./revise.ts";
import { webhookById } from "./schema.ts";
import type { WebhookTestView } from "./view.ts";

/** The type of a test's event, which no event of the log has. */
export const TEST_TYPE = "webhook_test";

const MOST_ANSWER = 1024;

/**
 * Sends a signed event to a webhook now, once, also while it is switched off, and tells what the receiver made of it. It is no delivery:
 * how the webhook's deliveries go stays as it is.
 *
 * @throws NotFound; Unavailable when its secrets can't be opened.
 */
export const test = verb(webhookById, async (ctx, { id }): Promise<WebhookTestView> => {
  const { webhook } = await known(ctx, id);
  const event_id = newId(ctx);
  const outcome = await attempt(ctx, webhook, {
    type: TEST_TYPE,
    id: event_id,
    at: iso(ctx.now()),
    data: { webhook_id: id },
  });
  return {
    delivered: outcome.ok,
    event_id,
    receiver_status: outcome.status,
    reason: outcome.reason,
    duration_ms: outcome.duration_ms,
    receiver_answer: outcome.body && Buffer.from(outcome.body.subarray(0, MOST_ANSWER)).toString("utf8"),
  };
});

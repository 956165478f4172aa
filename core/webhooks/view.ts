import * as z from "zod/mini";
import { iso } from "../id.ts";
import type { Held } from "./items.ts";
import { EVERY_TYPE } from "./schema.ts";

const instant = z.nullable(z.iso.datetime());
const text = z.nullable(z.string());

/** A webhook, without its secrets. */
export const webhookView = z.object({
  id: z.string(),
  url: z.string(),
  /** Types of events; `["*"]` is all. */
  types: z.array(z.string()),
  /** Geohash prefixes; null is everywhere. */
  cells: z.nullable(z.array(z.string())),
  description: text,
  active: z.boolean(),
  disabled_reason: text,
  /** Until when secrets before the newest sign too; null when none does. */
  previous_secrets_until: instant,
  deliveries: z.object({
    last_success_at: instant,
    last_failure_at: instant,
    last_failure: text,
    /** Since the last success; at least. */
    consecutive_failures: z.int(),
    failing_since: instant,
  }),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  revision: z.int(),
});
export type WebhookView = z.output<typeof webhookView>;

/** A webhook with its newest secret, which is shown this once. */
export const webhookSecretView = z.extend(webhookView, { secret: z.string() });
export type WebhookSecretView = z.output<typeof webhookSecretView>;

/** What a receiver made of a test. */
export const webhookTestView = z.object({
  delivered: z.boolean(),
  /** The `webhook-id` that it was sent with. */
  event_id: z.string(),
  /** Of HTTP; null when there was no answer. */
  receiver_status: z.nullable(z.int()),
  /** Why it was not delivered. */
  reason: text,
  duration_ms: z.int(),
  /** What the receiver answered, the first 1024 bytes as text. */
  receiver_answer: text,
});
export type WebhookTestView = z.output<typeof webhookTestView>;

const isoOf = (ms: number | null) => (ms === null ? null : iso(ms));

export function viewOf({ webhook, standing }: Held, now: number): WebhookView {
  const { id, url, types, cells, description, active, disabled_reason, secrets } = webhook;
  const ends = secrets.flatMap(({ valid_until }) =>
    valid_until !== null && valid_until > now ? [valid_until] : [],
  );
  return {
    id,
    url,
    types: [...(types ?? [EVERY_TYPE])],
    cells: cells && [...cells],
    description,
    active,
    disabled_reason,
    previous_secrets_until: isoOf(ends.length > 0 ? Math.max(...ends) : null),
    deliveries: {
      last_success_at: isoOf(standing.last_success_at),
      last_failure_at: isoOf(standing.last_failure_at),
      last_failure: standing.last_failure,
      consecutive_failures: standing.consecutive_failures,
      failing_since: isoOf(standing.failing_since),
    },
    created_at: iso(webhook.created_at),
    updated_at: iso(webhook.updated_at),
    revision: webhook.revision,
  };
}

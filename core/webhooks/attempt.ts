import type { World } from "../ctx.ts";
import { OutboundError } from "../outbound/index.ts";
import { readRetryAfter } from "./backoff.ts";
import type { WebhookRecord } from "./record.ts";
import { signedHeaders } from "./sign.ts";

const TIMEOUT_MS = 10_000;
/** What a receiver may say; more is a failure, though it said 200. */
const MOST_BYTES = 64 * 1024;
const MOST_REASON = 300;

/** What became of one attempt. */
export interface Outcome {
  readonly ok: boolean;
  /** Of HTTP; null when there was no answer. */
  readonly status: number | null;
  /** Why it failed, in a sentence; null when it did not. */
  readonly reason: string | null;
  /** Seconds that the receiver asked to be left alone for. */
  readonly retry_after_s: number | null;
  readonly duration_ms: number;
  readonly body: Uint8Array | null;
}

/** What is sent: an event of the log, or one made for a test. */
export interface Sent {
  readonly type: string;
  readonly id: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Posts an event to a receiver, signed, once (SPEC W2–W4). Whatever the receiver does is an outcome.
 *
 * @throws Unavailable when its secrets can't be opened, which is no fault of the receiver's; nothing was sent then.
 */
export async function attempt(
  world: Pick<World, "outbound" | "config" | "now" | "sealer" | "memory">,
  webhook: Pick<WebhookRecord, "id" | "url" | "secrets">,
  { type, id, at, data }: Sent,
): Promise<Outcome> {
  const now = world.now();
  const body = JSON.stringify({ type, id, at, data });
  const signed = await signedHeaders(world, webhook, id, body, now);
  const began = performance.now();
  try {
    const answer = await world.outbound.request({
      url: webhook.url,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": `Arx/${world.config.ARX_VERSION} (webhooks)`,
        ...signed,
      },
      body,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MOST_BYTES,
    });
    const ok = answer.status >= 200 && answer.status < 300;
    return {
      ok,
      status: answer.status,
      reason: ok ? null : reasonOf(answer.status),
      retry_after_s: ok ? null : readRetryAfter(answer.headers["retry-after"], now),
      duration_ms: Math.round(answer.durationMs),
      body: answer.body,
    };
  } catch (error) {
    const said = error instanceof OutboundError ? error.message : "It failed for a reason of Arx's own.";
    return {
      ok: false,
      status: null,
      reason: said.slice(0, MOST_REASON),
      retry_after_s: null,
      duration_ms: Math.round(performance.now() - began),
      body: null,
    };
  }
}

function reasonOf(status: number): string {
  const said = `The receiver answered with status ${status}`;
  return status >= 300 && status < 400 ? `${said}; redirects are not followed.` : `${said}.`;
}

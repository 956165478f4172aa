import type { Ctx } from "../ctx.ts";
import { isShallow } from "../nodes/schema.ts";
import { OutboundError } from "../outbound/index.ts";
import type { RouteRequest } from "./schema.ts";

/** The largest answer of a node that is passed on. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** Levels of JSON in an answer: writing it again recurses. */
const MAX_ANSWER_DEPTH = 64;

/** One try to have a node process a request; recorded whatever came of it. */
export interface Attempt {
  readonly node_id: string;
  readonly outcome: "completed" | "failed" | "timeout";
  /** Of the node's answer; null when there was none. */
  readonly status: number | null;
  readonly duration_ms: number;
  readonly error: string | null;
}

export interface Forwarded {
  readonly attempt: Attempt;
  /** What the node answered; undefined unless completed. */
  readonly response?: unknown;
}

/**
 * Sends a request to a node's `/process`. Never throws: a connection that fails, a 3xx or 5xx, JSON that is none, an answer too large
 * and a timeout are failed attempts; anything else, a 4xx too, is the node's own answer.
 */
export async function forward(
  ctx: Ctx,
  request: RouteRequest,
  node: { readonly id: string; readonly endpoint: string },
  timeoutMs: number,
): Promise<Forwarded> {
  const began = performance.now();
  const attempt = (outcome: Attempt["outcome"], status: number | null, error: string | null): Attempt => ({
    node_id: node.id,
    outcome,
    status,
    duration_ms: Math.round((performance.now() - began) * 100) / 100,
    error,
  });
  try {
    const answer = await ctx.outbound.request({
      url: `${node.endpoint.replace(/\/+$/, "")}/process`,
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "x-request-id": ctx.requestId,
        ...(ctx.traceparent ? { traceparent: ctx.traceparent } : {}),
      },
      body: JSON.stringify({
        request_id: request.request_id,
        payload: request.payload,
        headers: request.headers ?? {},
        metadata: request.metadata ?? {},
        client_info: request.client_info ?? {},
      }),
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    });
    const { status } = answer;
    if (status >= 500 || (status >= 300 && status < 400)) {
      return { attempt: attempt("failed", status, `The node answered ${status}.`) };
    }
    const read = readAnswer(answer.body, answer.headers["content-type"] ?? "");
    if (!read.ok)
      return {
        attempt: attempt(
          "failed",
          status,
          "The node's answer is not JSON, as it says it is, or nests too deep.",
        ),
      };
    return { attempt: attempt("completed", status, null), response: read.value };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { attempt: attempt(error.kind === "timeout" ? "timeout" : "failed", null, error.message) };
  }
}

function readAnswer(body: Uint8Array, contentType: string): { ok: true; value: unknown } | { ok: false } {
  const text = Buffer.from(body).toString("utf8");
  if (text === "") return { ok: true, value: null };
  if (!/[/+]json\b/i.test(contentType)) return { ok: true, value: text };
  try {
    const value: unknown = JSON.parse(text);
    return isShallow(value, MAX_ANSWER_DEPTH) ? { ok: true, value } : { ok: false };
  } catch {
    return { ok: false };
  }
}

import { validateHeaderName, validateHeaderValue } from "node:http";
import { OutboundError } from "./errors.ts";
import { type Call, exchange, type Method, STALE } from "./exchange.ts";
import { closing, createGate } from "./gate.ts";
import type { OutboundPolicy } from "./policy.ts";
import { createPool } from "./pool.ts";
import { readTarget, type Target } from "./target.ts";

const MAX_SOCKETS = 500;

/** Headers that belong to the connection or are fixed by this client; a caller's own are dropped. */
const RESERVED = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export interface OutboundRequest {
  /** http or https, without credentials. */
  readonly url: string;
  readonly method: Method;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** From dial to the last byte of the body, in ms. Waiting for a free connection is not counted; `signal` bounds that too. */
  readonly timeoutMs: number;
  /** The largest body that is accepted, in bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** Any whole answer, whatever its status: a redirect is one, and is not followed. */
export interface OutboundAnswer {
  readonly status: number;
  /** Lower-case names; a record without prototype. */
  readonly headers: Readonly<Record<string, string>>;
  /** As received: compression is not asked for, and not undone. */
  readonly body: Uint8Array;
  /** From dial to the last byte, in ms. */
  readonly durationMs: number;
}

export interface Outbound {
  /** @throws OutboundError, and nothing else */
  request(request: OutboundRequest): Promise<OutboundAnswer>;
  /** Ends what is under way and drops every connection; later calls are refused. */
  close(): void;
}

/** The one way to a node's URL: checks what is dialled, bounds what is read, keeps connections for the next call. */
export function createOutbound(policy: OutboundPolicy): Outbound {
  const maxSockets = Math.max(1, policy.maxSockets ?? MAX_SOCKETS);
  const gate = createGate(maxSockets);
  const pool = createPool(policy, maxSockets);
  const ends = new Set<(error: OutboundError) => void>();

  async function send(call: Call): Promise<OutboundAnswer> {
    const started = performance.now();
    pool.dropStale(Date.now());
    let received = await exchange(call, pool.agentFor(call.target), ends);
    if (received === STALE && call.method === "GET") {
      // A GET may be sent twice; on a new connection, so that this cannot repeat.
      pool.dropIdle(call.target);
      const left = Math.max(1, call.timeoutMs - (performance.now() - started));
      received = await exchange(call, pool.agentFor(call.target), ends, left);
    }
    if (received === STALE) {
      throw new OutboundError("connect", `${call.target.label} closed the connection before answering.`);
    }
    return { ...received, durationMs: performance.now() - started };
  }

  return {
    async request(request) {
      const call = callOf(request, readTarget(request.url, policy));
      await gate.enter(request.signal);
      try {
        return await send(call);
      } finally {
        gate.leave();
      }
    },
    close() {
      gate.close();
      for (const end of ends) end(closing());
      pool.close();
    },
  };
}

function callOf(request: OutboundRequest, target: Target): Call {
  const { method, body, timeoutMs, maxBytes, signal } = request;
  return { target, method, headers: headersFor(request), body, timeoutMs, maxBytes, signal };
}

function headersFor({ headers = {}, body }: OutboundRequest): Record<string, string> {
  const sent: Record<string, string> = { "user-agent": "arx" };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!RESERVED.has(lower)) sent[lower] = valid(lower, value);
  }
  sent["accept-encoding"] = "identity";
  // Said outright: Node sends a body without any length with the methods that seldom have one.
  if (body !== undefined) sent["content-length"] = String(Buffer.byteLength(body));
  return sent;
}

function valid(name: string, value: string): string {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return value;
  } catch {
    throw new OutboundError("bad_url", "A header of the request has characters that HTTP does not allow.");
  }
}

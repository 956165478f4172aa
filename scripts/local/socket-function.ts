import type { Context } from "aws-lambda";
import type { Log } from "../../core/ctx.ts";
import { FunctionTimeout, invoke } from "./lambda.ts";
import type { SocketEvent } from "./socket-event.ts";
import type { Admission, Refusal } from "./socket-handshake.ts";

/** What the function answers. Without a `statusCode` it is malformed to API Gateway, as if the function had thrown. */
export interface SocketResult {
  readonly statusCode?: number | undefined;
  readonly headers?: Readonly<Record<string, boolean | number | string>> | undefined;
  readonly body?: string | undefined;
}

/** The function behind `$connect`, `$default` and `$disconnect`. */
export type SocketHandler = (
  event: SocketEvent,
  context: Context,
) => Promise<SocketResult | undefined | void>;

/** The calls of one connection. None of them throws: what goes wrong is answered as API Gateway does, and logged. */
export interface SocketCalls {
  connect(event: SocketEvent): Promise<Admission>;
  /** What the function answers goes nowhere, since the route has no response; that it failed is told to `peer`. */
  message(event: SocketEvent, peer: (text: string) => unknown): Promise<void>;
  disconnect(event: SocketEvent): Promise<void>;
}

const NAME = "realtime";

export function callsTo(handler: SocketHandler, timeoutMs: number, log: Log): SocketCalls {
  async function call(event: SocketEvent): Promise<SocketResult> {
    const result = await invoke(handler, event, NAME, timeoutMs);
    if (!Number.isInteger(result?.statusCode)) throw new Error(`${NAME} answered without a statusCode`);
    return result!;
  }

  function complain(event: SocketEvent, error: unknown): void {
    const { routeKey, connectionId, requestId } = event.requestContext;
    log.error(`${routeKey} failed`, { error: String(error), connectionId, requestId });
  }

  return {
    async connect(event) {
      try {
        return admissionOf(await call(event));
      } catch (error) {
        complain(event, error);
        const headers = { "content-type": "application/json" };
        const status = error instanceof FunctionTimeout ? 504 : 500;
        return { refused: { status, headers, body: failure(error, event) } };
      }
    },
    async message(event, peer) {
      try {
        await call(event);
      } catch (error) {
        complain(event, error);
        peer(failure(error, event));
      }
    },
    async disconnect(event) {
      try {
        await call(event);
      } catch (error) {
        complain(event, error);
      }
    },
  };
}

/** Refused with what the function says, or let in with the subprotocol that it chose. */
function admissionOf({ statusCode, headers = {}, body = "" }: SocketResult): Admission {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  const refusal: Refusal = {
    status: statusCode!,
    headers: Object.fromEntries(named) as Record<string, string>,
    body,
  };
  if (refusal.status < 200 || refusal.status > 299) return { refused: refusal };
  const protocol = refusal.headers["sec-websocket-protocol"];
  return protocol === undefined ? {} : { protocol };
}

/** What API Gateway says of a call that failed, which never tells why. */
function failure(error: unknown, { requestContext: { connectionId, requestId } }: SocketEvent): string {
  const message = error instanceof FunctionTimeout ? "Endpoint request timed out" : "Internal server error";
  return JSON.stringify({ message, connectionId, requestId });
}

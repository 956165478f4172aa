import middy from "@middy/core";
import type { Context as LambdaContext } from "aws-lambda";
import type { Ctx, World } from "../../core/ctx.ts";
import { problem } from "../http/problem.ts";
import type { SocketAnswer, SocketEvent } from "./event.ts";

export type SocketHandler = (event: SocketEvent, context: LambdaContext) => Promise<SocketAnswer>;

/** What a route does; what it throws becomes an answer by `onFault`. */
export interface SocketRoute {
  readonly handle: (ctx: Ctx, event: SocketEvent) => Promise<SocketAnswer>;
  readonly onFault: (ctx: Ctx, event: SocketEvent, fault: Fault) => Promise<SocketAnswer>;
}

/** What was thrown, in words for the client; `isOurs` when the client did nothing wrong. */
export interface Fault {
  readonly status: number;
  readonly detail: string;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  readonly isOurs: boolean;
}

/**
 * The one place that composes what is around a socket's routes: a context for each event, the route by its key, and an answer for what is
 * thrown. It is to WebSockets what `http/chain.ts` is to HTTP.
 */
export function serveSocket(
  openWorld: () => World,
  routes: Readonly<Record<string, SocketRoute>>,
): SocketHandler {
  let world: World | undefined;
  const contexts = new WeakMap<SocketEvent, Ctx>();
  const routeOf = (event: SocketEvent) => routes[event.requestContext.routeKey] ?? routes.$default!;
  const chain = middy(((event: SocketEvent) => routeOf(event).handle(contexts.get(event)!, event)) as never, {
    timeoutEarlyInMillis: 0,
  }) as unknown as SocketChain;
  chain.before(({ event }) => {
    world ??= openWorld();
    contexts.set(event, { ...world, actor: { kind: "anyone" }, requestId: event.requestContext.requestId });
  });
  chain.onError(async (request) => {
    const ctx = contexts.get(request.event);
    if (!ctx) throw request.error;
    const fault = faultOf(request.error, ctx);
    if (fault.isOurs)
      ctx.log.error("A socket's event failed", { request_id: ctx.requestId, error: request.error });
    request.response = await routeOf(request.event).onFault(ctx, request.event, fault);
  });
  return chain;
}

interface SocketRequest {
  readonly event: SocketEvent;
  readonly error: unknown;
  response: SocketAnswer;
}

interface SocketChain extends SocketHandler {
  before(run: (request: SocketRequest) => void): void;
  onError(run: (request: SocketRequest) => Promise<void>): void;
}

function faultOf(error: unknown, ctx: Ctx): Fault {
  const { status, body } = problem(error, { method: "GET", path: "/ws/admin", requestId: ctx.requestId });
  const { detail, errors = [] } = body as { detail: string; errors?: Fault["issues"] };
  return { status, detail, issues: errors, isOurs: status >= 500 };
}

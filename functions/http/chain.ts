import middy from "@middy/core";
import httpRouterHandler from "@middy/http-router";
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context as LambdaContext,
} from "aws-lambda";
import type { Endpoint } from "../../contract/endpoint.ts";
import type { Actor, Ctx, World } from "../../core/ctx.ts";
import { MethodNotAllowed, NotFound, Unauthenticated } from "../../core/errors.ts";
import { newId } from "../../core/id.ts";
import { authorise, authoriseInput } from "./authorise.ts";
import type { Answer, Bound } from "./bind.ts";
import { problem } from "./problem.ts";
import { httpRequest, inputOf } from "./request.ts";

/** A call under an `Idempotency-Key`. */
export interface Repeated {
  /** Of this endpoint. */
  readonly key: string;
  readonly input: unknown;
  /** Whether its answer holds a secret. */
  readonly secret: boolean;
}

/** Runs `answer` at most once for a key and gives later callers the first answer; see `idempotency.ts`. */
export type Repeatable = (
  ctx: Ctx,
  repeated: Repeated,
  answer: () => Promise<Answer>,
  lambda: LambdaContext,
) => Promise<Answer>;

export interface ChainOptions {
  /** For functions whose endpoints create; left out, `Idempotency-Key` is not in their bundle. */
  readonly repeatable?: Repeatable;
  /** For the function that answers what no other does: every endpoint there is, so that it can tell 404 from 405. */
  readonly endpoints?: readonly Pick<Endpoint, "method" | "path">[];
}

export type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: LambdaContext,
) => Promise<APIGatewayProxyStructuredResultV2>;

/** What a request carries from its first middleware to its last. */
interface Call {
  readonly ctx: Ctx;
  readonly began: number;
}

const calls = new WeakMap<APIGatewayProxyEventV2, Call>();

/**
 * The one place that composes middleware: request id and actor → route → authorise → input → handler → answer; what is thrown
 * anywhere becomes a problem document. `world` is made on the first request, so that a broken configuration is an answer too.
 */
export function serve(
  openWorld: () => World,
  bound: readonly Bound[],
  options: ChainOptions = {},
): HttpHandler {
  let world: World | undefined;
  const route = httpRouterHandler({
    routes: bound.map((one) => ({
      method: one.endpoint.method,
      path: one.endpoint.path,
      handler: ((event: APIGatewayProxyEventV2, lambda: LambdaContext) =>
        answer(one, event, lambda, options)) as never,
    })),
    notFoundResponse: ({ method, path }: { method: string; path: string }) => {
      throw unroutable(options.endpoints ?? bound.map((one) => one.endpoint), method, path);
    },
  });
  // middy's types know only answers that are on the wire already; here they become that in the last middleware.
  const chain = middy(route as never, { timeoutEarlyInMillis: 0 }) as unknown as MiddyChain;
  chain.before(({ event }) => {
    world ??= openOrFail(openWorld);
    calls.set(event, { ctx: callCtx(world, event), began: performance.now() });
  });
  chain.after((request) => {
    request.response = finish(request.event, request.response as Answer);
  });
  chain.onError((request) => {
    request.response = finish(request.event, refuse(request.event, request.error, world));
  });
  return chain;
}

interface MiddyRequest {
  readonly event: APIGatewayProxyEventV2;
  readonly error: unknown;
  response: unknown;
}

interface MiddyChain extends HttpHandler {
  before(run: (request: MiddyRequest) => void): void;
  after(run: (request: MiddyRequest) => void): void;
  onError(run: (request: MiddyRequest) => void): void;
}

// What is wrong with the environment is our fault, and no answer to the caller's input.
function openOrFail(openWorld: () => World): World {
  try {
    return openWorld();
  } catch (error) {
    throw new Error("The function could not start", { cause: error });
  }
}

/** 405 where the path has other methods, 404 where it has none, or differs from one that answers only by a slash at its end. */
export function unroutable(
  endpoints: readonly { method: string; path: string }[],
  method: string,
  path: string,
): MethodNotAllowed | NotFound {
  const allowed = endpoints.filter((one) => pathPattern(one.path).test(path)).map((one) => one.method);
  if (allowed.length === 0 || allowed.includes(method)) return new NotFound(`There is nothing at ${path}.`);
  return new MethodNotAllowed(`${path} does not answer ${method}.`, [...new Set(allowed)].sort());
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}/?$`);
}

function callCtx(world: World, event: APIGatewayProxyEventV2): Ctx {
  const given = event.headers["x-request-id"];
  const requestId = given && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : newId(world);
  const traceparent = event.headers.traceparent;
  return {
    ...world,
    actor: { kind: "anyone" },
    requestId,
    caller: { userAgent: event.headers["user-agent"], remoteAddr: event.requestContext.http.sourceIp },
    ...(traceparent && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)
      ? { traceparent }
      : {}),
  };
}

async function answer(
  one: Bound,
  event: APIGatewayProxyEventV2,
  lambda: LambdaContext,
  options: ChainOptions,
): Promise<Answer> {
  const call = calls.get(event)!;
  const actor = await actorOf(call.ctx, one.endpoint, event.headers.authorization);
  authorise(actor, one.endpoint);
  const ctx: Ctx = { ...call.ctx, actor };
  const input = inputOf(one.endpoint, event) as never;
  authoriseInput(actor, one.endpoint, input);
  const run = () => one.handle(ctx, input, httpRequest(event));
  const key = one.endpoint.creates ? event.headers["idempotency-key"] : undefined;
  if (key === undefined || !options.repeatable) return run();
  const { method, path, secret = false } = one.endpoint;
  return options.repeatable(ctx, { key: `${method} ${path} ${key}`, input, secret }, run, lambda);
}

const ANYONE: Actor = { kind: "anyone" };

/** Nobody in particular without a credential; what tells the others is loaded when it is needed. */
async function actorOf(
  world: World,
  { lenient }: Endpoint,
  authorization: string | undefined,
): Promise<Actor> {
  if (authorization === undefined) return ANYONE;
  const { identify } = await import("./identify.ts");
  try {
    return await identify(world, authorization);
  } catch (error) {
    if (lenient && error instanceof Unauthenticated) return ANYONE;
    throw error;
  }
}

function refuse(event: APIGatewayProxyEventV2, error: unknown, world: World | undefined): Answer {
  const call = calls.get(event);
  const { method, path } = event.requestContext.http;
  const refused = problem(error, {
    method,
    path,
    requestId: call?.ctx.requestId ?? event.requestContext.requestId,
  });
  if (refused.status >= 500 && !(refused.status === 503 && "code" in (refused.body as object))) {
    const cause =
      error instanceof Error
        ? {
            name: error.name,
            message: error.message,
            stack: error.stack,
            cause: error.cause instanceof Error ? error.cause.message : undefined,
          }
        : { error };
    (world?.log ?? console).error("The request failed", { request_id: call?.ctx.requestId, path, ...cause });
  }
  return refused;
}

/** Sent with every answer; a custom domain's HSTS preload is the operator's own choice. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

function finish(event: APIGatewayProxyEventV2, given: Answer): APIGatewayProxyStructuredResultV2 {
  const call = calls.get(event);
  calls.delete(event);
  const { method, path } = event.requestContext.http;
  call?.ctx.log.info("request", {
    request_id: call.ctx.requestId,
    method,
    path,
    status: given.status,
    duration_ms: Math.round((performance.now() - call.began) * 100) / 100,
  });
  const text = typeof given.body === "string" ? given.body : JSON.stringify(given.body);
  return {
    statusCode: given.status,
    headers: {
      ...SECURITY_HEADERS,
      ...(given.body === undefined ? {} : { "content-type": "application/json" }),
      "cache-control": "no-store",
      ...given.headers,
      "x-request-id": call?.ctx.requestId ?? event.requestContext.requestId,
    },
    ...(given.body === undefined ? {} : { body: text }),
  };
}

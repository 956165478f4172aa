import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { type Domain, ENDPOINTS } from "../../contract/index.ts";
import { Unavailable } from "../../core/errors.ts";
import type { HttpHandler } from "../../functions/http/chain.ts";
import { problem } from "../../functions/http/problem.ts";
import { rawRefusal, resultOf, sendResult } from "./answer.ts";
import { readBody } from "./body.ts";
import { corsHeaders, preflight } from "./cors.ts";
import { eventOf, targetOf } from "./event.ts";
import { FunctionTimeout, invoke } from "./lambda.ts";
import { type Matched, type RouteSource, routesOf } from "./routes.ts";
import type { Sockets } from "./sockets.ts";

/** The function of each domain. `service` also answers what no route takes, with 404 or 405. */
export type FunctionHandlers = Readonly<Record<Domain, HttpHandler>>;

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly durationMs: number;
  /** What broke, when it was no fault of the caller's. */
  readonly error?: unknown;
}

export interface GatewayOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** `undefined` while they are not ready: every answer is 503 then. */
  readonly functions: () => FunctionHandlers | undefined;
  readonly corsOrigins?: readonly string[];
  /** Told of every request that was answered. */
  readonly onExchange?: (exchange: Exchange) => void;
  /** How long a function may take; API Gateway allows 30 s. */
  readonly timeoutMs?: number;
  readonly endpoints?: Iterable<RouteSource>;
  /** Take WebSocket upgrades, and are closed with the gateway. Without them an upgrade is a request like any other. */
  readonly sockets?: Pick<Sockets, "upgrade" | "close">;
}

export interface Gateway {
  readonly port: number;
  readonly origin: string;
  /** Takes nothing new, lets what is under way end (for 5 s at most), and is gone. */
  close(): Promise<void>;
}

/**
 * Puts functions behind HTTP on loopback as API Gateway's HTTP API does: same routes, same events, same limits.
 *
 * @throws Error with code EADDRINUSE when the port is taken.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const match = routesOf(options.endpoints ?? Object.values(ENDPOINTS));
  let closing = false;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const began = performance.now();
    const { result, error } = await resultFor(options, match, request);
    response.shouldKeepAlive = !closing && result.statusCode !== 413 && response.shouldKeepAlive;
    sendResult(response, result, corsHeaders(options.corsOrigins ?? [], request.headers));
    options.onExchange?.({
      method: request.method!,
      url: request.url!,
      status: result.statusCode ?? 200,
      durationMs: performance.now() - began,
      error,
    });
  };
  const servers: Server[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse) => void answer(request, response);
  const port = await listen(options.port, servers, onRequest, options.sockets);
  return {
    port,
    origin: `http://localhost:${port}`,
    async close() {
      closing = true;
      await Promise.all([options.sockets?.close(), ...servers.map(closeServer)]);
    },
  };
}

interface Outcome {
  readonly result: APIGatewayProxyStructuredResultV2;
  readonly error?: unknown;
}

async function resultFor(
  options: GatewayOptions,
  match: (method: string, path: string) => Matched,
  request: IncomingMessage,
): Promise<Outcome> {
  const method = request.method!;
  try {
    const allowed = preflight(options.corsOrigins ?? [], method, request.headers);
    if (allowed) return { result: { statusCode: 204, headers: allowed } };
    const target = targetOf(request.url!);
    const body = await readBody(request);
    const functions = options.functions();
    if (!functions) throw new Unavailable("Arx is starting; try again in a moment.");
    const matched = match(method, target.path);
    const event = eventOf(request, target, matched, body);
    return {
      result: await invoke(functions[matched.domain], event, matched.domain, options.timeoutMs ?? 30_000),
    };
  } catch (error) {
    const requestId = randomUUID();
    const late = error instanceof FunctionTimeout;
    const shown = late ? new Unavailable("The function did not answer in time.") : error;
    const refused = problem(shown, { method, path: request.url!.split("?")[0]!, requestId });
    const gone = request.destroyed && !request.complete;
    return {
      result: resultOf(refused, requestId),
      ...((refused.status === 500 && !gone) || late ? { error } : {}),
    };
  }
}

async function listen(
  port: number,
  servers: Server[],
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  sockets: GatewayOptions["sockets"],
): Promise<number> {
  // API Gateway allows 10 240 bytes of request line and headers. Upgrades to anything but WebSocket (h2c, say) it passes over.
  const limits = { maxHeaderSize: 10_240, keepAliveTimeout: 65_000 };
  const shouldUpgradeCallback = ({ headers }: IncomingMessage) =>
    sockets !== undefined && headers.upgrade?.toLowerCase() === "websocket";
  const open = () => {
    const server = createServer({ ...limits, shouldUpgradeCallback }, onRequest);
    if (sockets) server.on("upgrade", sockets.upgrade);
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      if (socket.writable) socket.end(rawRefusal(error.code, randomUUID()));
      else socket.destroy();
    });
    return server;
  };
  const server = open();
  const bound = await bind(server, port, "127.0.0.1");
  servers.push(server);
  // `localhost` is ::1 to some clients. A machine without IPv6 does without.
  const six = open();
  try {
    await bind(six, bound, "::1");
    servers.push(six);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE" && port !== 0) {
      server.close();
      throw error;
    }
  }
  return bound;
}

function bind(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), 5000);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}

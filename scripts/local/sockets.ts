import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../core/ctx.ts";
import { Malformed, NotFound, Unavailable } from "../../core/errors.ts";
import { problem } from "../../functions/http/problem.ts";
import { serveConnections } from "./connections-api.ts";
import { targetOf } from "./event.ts";
import { type Connection, keepConnection } from "./socket-connection.ts";
import { connectEvent, disconnectEvent, gatewayId, messageEvent, peerOf } from "./socket-event.ts";
import { callsTo, type SocketHandler } from "./socket-function.ts";
import { type Refusal, refuse, shakeHands, type Upgrade } from "./socket-handshake.ts";
import { SOCKET_LIMITS, type SocketLimits } from "./socket-limits.ts";
import { channelQuery } from "./socket-path.ts";

export interface SocketsOptions {
  /** `undefined` while it is not ready: every upgrade is answered with 503 then. */
  readonly handler: () => SocketHandler | undefined;
  /** One that names the function. */
  readonly log: Log;
  /** What differs from `SOCKET_LIMITS`. */
  readonly limits?: Partial<SocketLimits>;
}

export interface Sockets {
  /** The address of `@connections`. */
  readonly endpoint: string;
  /** Open connections. */
  readonly size: number;
  /** Takes what an HTTP server's `upgrade` event brings. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends every connection and waits for its `$disconnect`, for 5 s at most; again, it waits for the same. */
  close(): Promise<void>;
}

/** A WebSocket API as API Gateway's, in front of one function: its events, its limits, and its `@connections`. */
export async function openSockets(options: SocketsOptions): Promise<Sockets> {
  const { log } = options;
  const limits: SocketLimits = { ...SOCKET_LIMITS, ...options.limits };
  const connections = new Map<string, Connection>();
  const shaking = new Set<Duplex>();
  const running = new Set<Promise<void>>();
  const api = await serveConnections((id) => connections.get(id), limits.maxMessageBytes);
  let closing: Promise<void> | undefined;

  function track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => log.error("a connection broke", { error: String(error) }))
      .finally(() => running.delete(tracked));
    running.add(tracked);
  }

  async function serve(upgrade: Upgrade, query: URLSearchParams, handler: SocketHandler): Promise<void> {
    const { request, socket } = upgrade;
    const peer = peerOf(request);
    const calls = callsTo(handler, limits.timeoutMs, log);
    let admitted = false;
    let connection: Connection | undefined;
    shaking.add(socket);
    await shakeHands(upgrade, {
      ...limits,
      malformed: (why) => refusalFor(request, new Malformed(why)),
      async admit() {
        const admission = await calls.connect(connectEvent(peer, request, query));
        admitted = !admission.refused;
        return admitted && closing ? { refused: refusalFor(request, new Unavailable(STOPPING)) } : admission;
      },
      open(ws) {
        const kept = keepConnection(ws, peer, limits, (message, isBinary) => {
          track(calls.message(messageEvent(peer, message, isBinary), (text) => kept.post(text)));
        });
        connections.set(peer.connectionId, kept);
        if (closing) kept.close(1001, "Going away");
        connection = kept;
      },
    }).finally(() => shaking.delete(socket));
    if (!admitted) return;
    // One whose peer left while it was let in has been open to the function, so it is closed to it too.
    const closure = await (connection?.closed ?? { code: 1006, reason: "Connection closed abnormally" });
    connections.delete(peer.connectionId);
    log.info("closed", { connectionId: peer.connectionId, ...closure });
    await calls.disconnect(disconnectEvent(peer, closure));
  }

  async function shutDown(): Promise<void> {
    for (const connection of connections.values()) connection.close(1001, "Going away");
    const late = new AbortController();
    await Promise.race([settled(), sleep(limits.shutdownMs, undefined, { signal: late.signal })]);
    late.abort();
    if (running.size > 0) log.warn(`left ${running.size} calls that did not end`);
    for (const socket of shaking) socket.destroy();
    await api.close();
  }

  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
  }

  return {
    endpoint: api.endpoint,
    get size() {
      return connections.size;
    },
    upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      try {
        const query = channelQuery(targetOf(request.url!));
        if (!query) throw new NotFound("There is no WebSocket at this path.");
        const handler = closing ? undefined : options.handler();
        if (!handler) throw new Unavailable(closing ? STOPPING : "Arx is starting; try again in a moment.");
        track(serve({ request, socket, head }, query, handler));
      } catch (error) {
        refuse(socket, refusalFor(request, error));
      }
    },
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

const STOPPING = "Arx is stopping.";

function refusalFor(request: IncomingMessage, error: unknown): Refusal {
  const requestId = gatewayId();
  const path = request.url!.split("?")[0]!;
  const { status, headers, body } = problem(error, { method: request.method!, path, requestId });
  return { status, headers: { ...headers, "x-request-id": requestId }, body: JSON.stringify(body) };
}

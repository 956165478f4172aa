import { CHANNELS } from "../../contract/channels.ts";
import type { Actor, Ctx, World } from "../../core/ctx.ts";
import { Forbidden, Gone, Malformed, NotFound, TooLarge, Unauthenticated } from "../../core/errors.ts";
import { iso, newId } from "../../core/id.ts";
import { type Peers, Realtime } from "../../core/realtime/index.ts";
import { authorise } from "../http/authorise.ts";
import { identify } from "../http/identify.ts";
import { openWorld } from "../world.ts";
import { type Fault, type SocketHandler, type SocketRoute, serveSocket } from "./chain.ts";
import type { SocketAnswer, SocketEvent } from "./event.ts";
import { openPeers } from "./peers.ts";
import { stands } from "./standing.ts";

const OK: SocketAnswer = { statusCode: 200 };
/** Issues that an `error` lists: a message of 8 KB can have thousands, and the answer must fit into one. */
const MAX_ISSUES = 20;

/** The function behind the WebSocket API: who connects, what they ask for, and that they have gone. */
export function makeRealtime(open: () => World, peersOf: (world: World) => Peers): SocketHandler {
  let opened: Peers | undefined;
  const peers = (world: World) => (opened ??= peersOf(world));
  return serveSocket(open, {
    $connect: { handle: connect, onFault: refuse },
    $disconnect: { handle: disconnect, onFault: async () => OK },
    $default: {
      handle: (ctx, event) => act(ctx, peers(ctx), event),
      onFault: (ctx, event, fault) => complain(ctx, peers(ctx), event, fault),
    } satisfies SocketRoute,
  });
}

export const handler = makeRealtime(() => openWorld("realtime"), openPeers);

async function connect(ctx: Ctx, { requestContext, headers = {}, queryStringParameters }: SocketEvent) {
  const query = queryStringParameters ?? {};
  if (query.channel !== "admin") throw new NotFound("There is no such channel; `?channel=admin` is one.");
  const actor = await actorOf(ctx, query.ticket, headers.Authorization ?? headers.authorization);
  authorise(actor, CHANNELS.admin);
  requireOrigin(ctx, headers);
  await Realtime.open(ctx, requestContext.connectionId, actor, query.subscribe === "manual");
  // What ended before the connection was filed has not ended it.
  if (!(await stands(ctx, actor))) {
    await Realtime.closed(ctx, requestContext.connectionId);
    throw new Unauthenticated("The session or key has ended.");
  }
  ctx.log.info("connected", { request_id: ctx.requestId, connection_id: requestContext.connectionId });
  return OK;
}

async function actorOf(
  ctx: Ctx,
  ticket: string | undefined,
  authorization: string | undefined,
): Promise<Actor> {
  if (ticket) return Realtime.actorOfTicket(ctx, ticket);
  return authorization === undefined ? { kind: "anyone" } : identify(ctx, authorization);
}

/** A page may connect from where the operator says, or from Arx's own address. What is no browser sends no origin. @throws Forbidden */
function requireOrigin({ config }: Ctx, headers: NonNullable<SocketEvent["headers"]>): void {
  const origin = headers.Origin ?? headers.origin;
  if (origin === undefined || config.ARX_CORS_ORIGINS.includes(origin)) return;
  const host = headers.Host ?? headers.host;
  if (!host || URL.parse(origin)?.host !== host) throw new Forbidden("Pages of this origin may not connect.");
}

async function disconnect(ctx: Ctx, { requestContext }: SocketEvent): Promise<SocketAnswer> {
  await Realtime.closed(ctx, requestContext.connectionId);
  return OK;
}

async function refuse(_ctx: Ctx, _event: SocketEvent, { status, detail }: Fault): Promise<SocketAnswer> {
  return { statusCode: status, body: JSON.stringify({ error: detail }) };
}

async function act(ctx: Ctx, peers: Peers, event: SocketEvent): Promise<SocketAnswer> {
  const { connectionId } = event.requestContext;
  await requireStanding(ctx, peers, connectionId);
  const { action, ...asked } = messageIn(event);
  switch (action) {
    case "subscribe":
      await Realtime.subscribe(ctx, peers, connectionId, asked);
      return OK;
    case "unsubscribe":
      await Realtime.unsubscribe(ctx, peers, connectionId);
      return OK;
    case "ping":
      await Realtime.ping(ctx, peers, connectionId);
      return OK;
    default:
      throw new Malformed("`action` must be subscribe, unsubscribe or ping.", [
        { path: "action", message: "Must be subscribe, unsubscribe or ping" },
      ]);
  }
}

/** Lets a message through while what its connection was opened by holds; else the connection ends. @throws Gone, Forbidden */
async function requireStanding(ctx: Ctx, peers: Peers, connectionId: string): Promise<void> {
  const connection = await Realtime.find(ctx, connectionId);
  if (connection) authorise(connection.actor, CHANNELS.admin);
  if (connection && (await stands(ctx, connection.actor))) return;
  await peers.close(connectionId);
  await Realtime.closed(ctx, connectionId);
  throw new Gone("The session or key has ended, and the connection with it.");
}

function messageIn({ body, isBase64Encoded }: SocketEvent): Record<string, unknown> {
  if (isBase64Encoded) throw new Malformed("A message must be text, not binary.");
  const text = body ?? "";
  if (Buffer.byteLength(text) > Realtime.MAX_INBOUND_BYTES) {
    throw new TooLarge(`A message has at most ${Realtime.MAX_INBOUND_BYTES / 1024} KiB.`);
  }
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new Malformed("The message is not valid JSON.");
  }
  if (message === null || typeof message !== "object" || Array.isArray(message)) {
    throw new Malformed("The message must be a JSON object.");
  }
  return message as Record<string, unknown>;
}

/** Tells the client what was wrong with its message; the connection, and what it listens to, stays. */
async function complain(
  ctx: Ctx,
  peers: Peers,
  { requestContext }: SocketEvent,
  { status, detail, issues }: Fault,
): Promise<SocketAnswer> {
  const data = {
    error: detail,
    status,
    request_id: ctx.requestId,
    ...(issues.length > 0 ? { errors: issues.slice(0, MAX_ISSUES) } : {}),
  };
  await peers.post(
    requestContext.connectionId,
    Realtime.controlMessage("error", newId(ctx), iso(ctx.now()), data),
  );
  return OK;
}

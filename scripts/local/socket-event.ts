import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type {
  APIGatewayEventWebsocketRequestContextV2,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
} from "aws-lambda";

/** Who is at the other end, as API Gateway remembers it for as long as the connection lives. */
export interface Peer {
  readonly connectionId: string;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  readonly sourceIp: string;
  readonly userAgent: string;
  /** The host that it asked for. */
  readonly domainName: string;
}

/** How a connection ended: a WebSocket close code (RFC 6455, 7.4) and what was said with it. */
export interface Closure {
  readonly code: number;
  readonly reason: string;
}

/** `messageId` comes with messages alone, whatever the type of AWS says; the last two with `$disconnect` alone. */
export type SocketContext = APIGatewayEventWebsocketRequestContextV2 & {
  readonly identity: { readonly sourceIp: string; readonly userAgent: string };
  readonly disconnectStatusCode?: number;
  readonly disconnectReason?: string;
};

/** What a function behind the WebSocket API is called with; headers come with `$connect` and `$disconnect`. */
export type SocketEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<SocketContext> & {
  readonly headers?: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
};

/** Meant for the next hop alone, so a function never sees them; and what API Gateway knows better. */
const NOT_PASSED_ON = new Set(
  (
    "connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect " +
    "x-forwarded-for x-forwarded-port x-forwarded-proto"
  ).split(" "),
);

/** An id as API Gateway makes them, for connections, requests and messages: 88 random bits. */
export function gatewayId(): string {
  return `${randomBytes(11).toString("base64url")}=`;
}

export function peerOf(request: IncomingMessage): Peer {
  return {
    connectionId: gatewayId(),
    connectedAt: Date.now(),
    sourceIp: (request.socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, ""),
    userAgent: request.headers["user-agent"] ?? "",
    domainName: request.headers.host ?? "localhost",
  };
}

/** The event of `$connect`, from the request for the upgrade and the query that it amounts to. */
export function connectEvent(peer: Peer, request: IncomingMessage, query: URLSearchParams): SocketEvent {
  const asked = grouped([...query], (name) => name);
  return {
    ...headersFrom(headersOf(request, peer)),
    ...(asked.size > 0
      ? { queryStringParameters: lastOf(asked), multiValueQueryStringParameters: Object.fromEntries(asked) }
      : {}),
    requestContext: contextOf(peer, "$connect", "CONNECT", peer.connectedAt),
    isBase64Encoded: false,
  };
}

/** The event of one message; bytes come in base64. */
export function messageEvent(peer: Peer, message: Buffer, isBinary: boolean): SocketEvent {
  return {
    requestContext: contextOf(peer, "$default", "MESSAGE", Date.now(), { messageId: gatewayId() }),
    body: message.toString(isBinary ? "base64" : "utf8"),
    isBase64Encoded: isBinary,
  };
}

/** The event of `$disconnect`: of the caller's headers API Gateway keeps the host and no other. */
export function disconnectEvent(peer: Peer, { code, reason }: Closure): SocketEvent {
  const headers = new Map([
    ["Host", [peer.domainName]],
    ["x-api-key", [""]],
    ["X-Forwarded-For", [peer.sourceIp]],
    ["x-restapi", [""]],
  ]);
  return {
    ...headersFrom(headers),
    requestContext: contextOf(peer, "$disconnect", "DISCONNECT", Date.now(), {
      disconnectStatusCode: code,
      disconnectReason: reason,
    }),
    isBase64Encoded: false,
  };
}

function contextOf(
  { connectionId, connectedAt, domainName, sourceIp, userAgent }: Peer,
  routeKey: string,
  eventType: SocketContext["eventType"],
  at: number,
  more: Partial<SocketContext> = {},
): SocketContext {
  const requestId = gatewayId();
  return {
    routeKey,
    eventType,
    messageDirection: "IN",
    connectionId,
    connectedAt,
    requestTime: logTime(new Date(at)),
    requestTimeEpoch: at,
    requestId,
    extendedRequestId: requestId,
    identity: { sourceIp, userAgent },
    domainName,
    stage: "local",
    apiId: "local",
    ...more,
  } as SocketContext;
}

// The names keep the case in which they came, as API Gateway passes them on.
function headersOf(request: IncomingMessage, peer: Peer): Map<string, string[]> {
  const raw = request.rawHeaders;
  const pairs = Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at]!, raw[2 * at + 1]!] as const);
  const given = pairs.filter(([name]) => !NOT_PASSED_ON.has(name.toLowerCase()));
  const before = pairs.filter(([name]) => name.toLowerCase() === "x-forwarded-for").map(([, value]) => value);
  return grouped(
    [
      ...given,
      ["X-Forwarded-For", [...before, peer.sourceIp].join(", ")],
      ["X-Forwarded-Port", String(request.socket.localPort ?? "")],
      ["X-Forwarded-Proto", "http"],
    ],
    (name) => name.toLowerCase(),
  );
}

/** The values of each name, under the spelling that came first. */
function grouped(
  pairs: readonly (readonly [string, string])[],
  key: (name: string) => string,
): Map<string, string[]> {
  const spelled = new Map<string, string>();
  const found = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const first = spelled.get(key(name)) ?? name;
    spelled.set(key(name), first);
    found.set(first, [...(found.get(first) ?? []), value]);
  }
  return found;
}

function headersFrom(
  values: ReadonlyMap<string, string[]>,
): Required<Pick<SocketEvent, "headers" | "multiValueHeaders">> {
  return { headers: lastOf(values), multiValueHeaders: Object.fromEntries(values) };
}

function lastOf(values: ReadonlyMap<string, string[]>): Record<string, string> {
  return Object.fromEntries([...values].map(([name, all]) => [name, all.at(-1)!]));
}

/** `21/Nov/2026:02:35:54 +0000`, the common log format. */
function logTime(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(at.toUTCString())!;
  return `${day}/${month}/${year}:${time} +0000`;
}

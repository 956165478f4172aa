import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TooLarge } from "../../core/errors.ts";
import { readBody } from "./body.ts";
import type { Connection } from "./socket-connection.ts";
import { gatewayId } from "./socket-event.ts";

export interface ConnectionsApi {
  /** Where the AWS SDK's `ApiGatewayManagementApiClient` finds it. */
  readonly endpoint: string;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly errorType?: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Only signed requests are taken; whose key it was nobody asks on this machine. */
const SIGNED = /^AWS4-HMAC-SHA256 Credential=\S+, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{64}$/;
const CONNECTION_ID = /^[\w-]{15}=$/;

const GONE: Reply = { status: 410, errorType: "GoneException", body: {} };
const FORBIDDEN = refusal(403, "ForbiddenException", "Forbidden");
const UNSIGNED = refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token");

/** Serves `@connections` on a free port of loopback, as API Gateway does on the address of a WebSocket API. */
export async function serveConnections(
  find: (connectionId: string) => Connection | undefined,
  maxMessageBytes: number,
): Promise<ConnectionsApi> {
  let ownNames: readonly string[] = [];
  const server = createServer((request, response) => {
    // A page that made its name point here would send that name.
    const answered = ownNames.includes(request.headers.host ?? "")
      ? answerTo(request, find, maxMessageBytes)
      : Promise.resolve(FORBIDDEN);
    answered.then(
      (reply) => send(response, reply),
      (error: unknown) => send(response, replyToBroken(error)),
    );
  });
  const port = await listen(server);
  ownNames = [`127.0.0.1:${port}`, `localhost:${port}`];
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerTo(
  request: IncomingMessage,
  find: (connectionId: string) => Connection | undefined,
  maxMessageBytes: number,
): Promise<Reply> {
  if (!SIGNED.test(request.headers.authorization ?? "")) return UNSIGNED;
  const connectionId = connectionIdOf(request.url!);
  if (connectionId === undefined) return FORBIDDEN;
  if (!CONNECTION_ID.test(connectionId)) {
    return refusal(400, "BadRequestException", `Invalid connectionId: ${connectionId}`);
  }
  const body = await readBody(request);
  if (body.length > maxMessageBytes) throw new TooLarge("Message too long");
  const connection = find(connectionId);
  if (!connection) return GONE;
  switch (request.method) {
    case "POST":
      return connection.post(body.toString()) ? { status: 200 } : GONE;
    case "GET":
      return { status: 200, body: described(connection) };
    case "DELETE":
      return connection.close(1000, "Connection Closed Normally") ? { status: 204 } : GONE;
    default:
      return FORBIDDEN;
  }
}

/** The id in `/@connections/{id}`, where the SDK percent-encodes what it can. */
function connectionIdOf(url: string): string | undefined {
  try {
    return /^\/@connections\/([^/]+)$/.exec(decodeURIComponent(url.split("?")[0]!))?.[1];
  } catch {
    return undefined;
  }
}

function described({ peer, lastActiveAt }: Connection): Record<string, unknown> {
  return {
    connectedAt: new Date(peer.connectedAt).toISOString(),
    identity: { sourceIp: peer.sourceIp, userAgent: peer.userAgent },
    lastActiveAt: new Date(lastActiveAt).toISOString(),
  };
}

function refusal(status: number, errorType: string, message: string): Reply {
  return { status, errorType, body: { message } };
}

// All else that breaks is a caller that left in the middle of its request, to whom nothing can be said.
function replyToBroken(error: unknown): Reply {
  if (error instanceof TooLarge) return refusal(413, "PayloadTooLargeException", error.message);
  return refusal(400, "BadRequestException", "The request ended early.");
}

function send(response: ServerResponse, { status, errorType, body }: Reply): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, {
    "x-amzn-requestid": gatewayId(),
    ...(errorType === undefined ? {} : { "x-amzn-errortype": errorType }),
    ...(status === 204
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
  });
  response.end(text);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { Malformed } from "../../core/errors.ts";
import type { Matched } from "./routes.ts";

/** Content types whose bodies API Gateway passes on as text; all others come in base64. */
const TEXT = /^(text\/|application\/(json|xml|javascript)\b)/i;
/** Meant for the next hop alone, so a function never sees them; cookies come apart. */
const HOP_BY_HOP = new Set(
  "connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect cookie".split(" "),
);

export interface Target {
  /** Percent-decoded, as an HTTP API hands it on. */
  readonly path: string;
  /** As it came, without the question mark. */
  readonly rawQueryString: string;
}

/** Splits and decodes a request target. @throws Malformed for a broken percent-encoding or what is no path. */
export function targetOf(url: string): Target {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i.exec(url)?.[0] ?? "";
  const rest = url.slice(origin.length);
  const mark = rest.indexOf("?");
  const rawPath = (mark < 0 ? rest : rest.slice(0, mark)) || "/";
  const rawQueryString = mark < 0 ? "" : rest.slice(mark + 1);
  if (!rawPath.startsWith("/")) throw new Malformed("The request target must be a path.");
  decoded(rawQueryString, "query");
  return { path: decoded(rawPath, "path"), rawQueryString };
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Malformed(`The ${what} is not percent-encoded UTF-8.`, [
      { path: what, message: "Must be percent-encoded UTF-8" },
    ]);
  }
}

/** A request as API Gateway's HTTP API puts it to a function (payload format 2.0). */
export function eventOf(
  request: IncomingMessage,
  target: Target,
  matched: Matched,
  body: Buffer,
): APIGatewayProxyEventV2 {
  const { path, rawQueryString } = target;
  const now = new Date();
  const sourceIp = (request.socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, "");
  const headers = headersOf(request, sourceIp);
  const domainName = headers.host ?? "localhost";
  const isBase64Encoded = body.length > 0 && !TEXT.test(headers["content-type"] ?? "");
  const cookies = request.headers.cookie?.split(/; */).filter((cookie) => cookie !== "");
  const query = joined(new URLSearchParams(rawQueryString));
  return {
    version: "2.0",
    routeKey: matched.routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies?.length ? { cookies } : {}),
    headers,
    ...(rawQueryString ? { queryStringParameters: query } : {}),
    requestContext: {
      accountId: "000000000000",
      apiId: "local",
      domainName,
      domainPrefix: domainName.split(".")[0]!,
      http: {
        method: request.method!,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey: matched.routeKey,
      stage: "$default",
      time: logTime(now),
      timeEpoch: now.getTime(),
    },
    ...(matched.pathParameters ? { pathParameters: { ...matched.pathParameters } } : {}),
    ...(body.length > 0 ? { body: body.toString(isBase64Encoded ? "base64" : "utf8") } : {}),
    isBase64Encoded,
  };
}

// What API Gateway knows itself it says over whatever the caller claims, but for the addresses before its own.
function headersOf(request: IncomingMessage, sourceIp: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (!HOP_BY_HOP.has(name)) headers[name] = values!.join(",");
  }
  headers["x-forwarded-for"] = [headers["x-forwarded-for"], sourceIp].filter(Boolean).join(", ");
  headers["x-forwarded-port"] = String(request.socket.localPort ?? "");
  headers["x-forwarded-proto"] = "http";
  return headers;
}

function joined(query: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of new Set(query.keys())) found[name] = query.getAll(name).join(",");
  return found;
}

/** `21/Nov/2026:02:35:54 +0000`, the common log format. */
function logTime(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(at.toUTCString())!;
  return `${day}/${month}/${year}:${time} +0000`;
}

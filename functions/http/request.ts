import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { type Endpoint, pathNames } from "../../contract/endpoint.ts";
import { Malformed, TooLarge, UnsupportedMedia } from "../../core/errors.ts";
import type { HttpRequest } from "./bind.ts";

/** The largest body that any endpoint reads. */
export const MAX_BODY_BYTES = 256 * 1024;

export function httpRequest(event: APIGatewayProxyEventV2): HttpRequest {
  const { http, domainName } = event.requestContext;
  const scheme = event.headers["x-forwarded-proto"] ?? "https";
  return {
    method: http.method,
    path: http.path,
    origin: `${scheme}://${event.headers.host ?? domainName}`,
    query: new URLSearchParams(event.rawQueryString),
    headers: event.headers,
    sourceIp: http.sourceIp,
  };
}

/**
 * The flat input of an endpoint: the JSON body or the query, and over it what the path names.
 *
 * @throws TooLarge, UnsupportedMedia or Malformed for a body that can't be read.
 */
export function inputOf(endpoint: Endpoint, event: APIGatewayProxyEventV2): Record<string, unknown> {
  const takesBody = endpoint.method === "POST" || endpoint.method === "PUT";
  const input: Record<string, unknown> = takesBody ? bodyOf(event) : queryOf(event);
  for (const name of pathNames(endpoint.path)) input[name] = event.pathParameters?.[name];
  if (endpoint.revised && event.headers["if-match"] !== undefined) input.if_match = event.headers["if-match"];
  else delete input.if_match;
  return input;
}

function queryOf(event: APIGatewayProxyEventV2): Record<string, unknown> {
  const input: Record<string, unknown> = Object.create(null);
  for (const [name, value] of new URLSearchParams(event.rawQueryString)) {
    const held = input[name];
    input[name] = held === undefined ? value : Array.isArray(held) ? [...held, value] : [held, value];
  }
  return input;
}

function bodyOf(event: APIGatewayProxyEventV2): Record<string, unknown> {
  const raw = event.body;
  if (raw === undefined || raw === "") return {};
  const size = event.isBase64Encoded ? (raw.length * 3) / 4 : Buffer.byteLength(raw);
  if (size > MAX_BODY_BYTES) throw new TooLarge(`The body is larger than ${MAX_BODY_BYTES / 1024} KiB.`);
  const type = event.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && !type.endsWith("+json")) {
    throw new UnsupportedMedia("The body must be sent as application/json.");
  }
  const text = event.isBase64Encoded ? Buffer.from(raw, "base64").toString("utf8") : raw;
  const body = parse(text);
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new Malformed("The body must be a JSON object.");
  }
  return body as Record<string, unknown>;
}

function parse(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Malformed("The body is not valid JSON.");
  }
  // JSON.parse makes an own property of it, which a later copy would turn into a prototype. Read only where the word stands at all.
  if (text.includes("__proto__") && hasProto(body)) throw new Malformed("The body must not name __proto__.");
  return body;
}

function hasProto(root: unknown): boolean {
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (value === null || typeof value !== "object") continue;
    if (Object.hasOwn(value, "__proto__")) return true;
    for (const inner of Object.values(value)) pending.push(inner);
  }
  return false;
}

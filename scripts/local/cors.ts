import type { IncomingHttpHeaders } from "node:http";
import { CORS } from "../../contract/cors.ts";

type Headers = Record<string, string>;

/** The headers for an answer to `headers.origin`; none for an origin that is not listed, letter by letter. */
export function corsHeaders(origins: readonly string[], headers: IncomingHttpHeaders): Headers {
  if (origins.length === 0) return {};
  const origin = headers.origin;
  if (origin === undefined || !origins.includes(origin)) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": CORS.exposedHeaders.join(", "),
  };
}

/** The headers of the answer (204) to a preflight, or `undefined` for what is none, or when no origin may call at all. */
export function preflight(
  origins: readonly string[],
  method: string,
  headers: IncomingHttpHeaders,
): Headers | undefined {
  if (method !== "OPTIONS" || origins.length === 0) return undefined;
  if (headers.origin === undefined || headers["access-control-request-method"] === undefined)
    return undefined;
  const allowed = corsHeaders(origins, headers);
  if (!("access-control-allow-origin" in allowed)) return allowed;
  delete allowed["access-control-expose-headers"];
  return {
    ...allowed,
    "access-control-allow-methods": CORS.methods.join(", "),
    "access-control-allow-headers": CORS.requestHeaders.join(", "),
    "access-control-max-age": String(CORS.maxAgeS),
  };
}

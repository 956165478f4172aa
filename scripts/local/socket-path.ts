import type { Target } from "./event.ts";

const ADMIN = new Set(["/ws/admin", "/admin/api/v1/realtime"]);
const EDGE = /^\/ws\/edge\/([^/]+)$/;

/**
 * The query that the function behind the WebSocket API gets: a path says which channel is asked for, over what the query says; `/` is the
 * address without a custom domain, where the query says it itself.
 *
 * @returns undefined for a path that has no WebSocket.
 */
export function channelQuery({ path, rawQueryString }: Target): URLSearchParams | undefined {
  const query = new URLSearchParams(rawQueryString);
  if (path === "/") return query;
  const edgeId = EDGE.exec(path)?.[1];
  if (edgeId === undefined && !ADMIN.has(path)) return undefined;
  query.delete("edge_id");
  query.set("channel", edgeId === undefined ? "admin" : "edge");
  if (edgeId !== undefined) query.set("edge_id", edgeId);
  return query;
}

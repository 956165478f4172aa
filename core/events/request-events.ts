import { viewOf } from "../requests/view.ts";
import type { Item } from "../store/index.ts";
import { bounded } from "./bounded.ts";
import type { Draft } from "./types.ts";

/** The statuses of a request that was forwarded: it was routed, and then it ended. */
const ENDED = new Set(["completed", "failed"]);

/**
 * The events of a routing request that was stored (SPEC E6): that it was routed, and for one that was forwarded also how it ended.
 *
 * @param item its image in the table's stream
 * @throws RangeError or SyntaxError for one that is not as requests are stored
 */
export function requestEvents(item: Item): Draft[] {
  const view = viewOf(item);
  const at = Date.parse(view.created_at);
  if (Number.isNaN(at)) throw new RangeError("A request without its time can't be told.");
  const place = view.geohash;
  const { id, request_id, coordinates_x, coordinates_y, selected_node_id, distance, load_score, status } =
    view;
  const routed = {
    id,
    request_id,
    coordinates_x,
    coordinates_y,
    selected_node_id,
    distance,
    load_score,
    status,
    created_at: view.created_at,
  };
  const drafts: Draft[] = [{ type: "route_request", at, place, data: bounded(routed) }];
  if (ENDED.has(status)) {
    const ended = {
      id,
      request_id,
      selected_node: selected_node_id,
      distance,
      response_time_ms: view.response_time_ms,
      status,
      request_data: view.request_data,
      response_data: view.response_data,
      processing_metrics: view.processing_metrics,
    };
    drafts.push({ type: "request_completed", at, place, data: bounded(ended) });
  }
  return drafts;
}

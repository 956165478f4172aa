import * as z from "zod/mini";
import type { Item } from "../store/index.ts";
import { REQUEST_STATUSES } from "./schema.ts";
import { fieldsOfItem } from "./stored.ts";

const text = z.nullable(z.string());
const number = z.nullable(z.number());
const anything = z.unknown();
const object = z.record(z.string(), anything);

/** A routing request as it is shown: whole. */
export const requestView = z.object({
  id: z.string(),
  request_id: z.string(),
  client_id: text,
  coordinates_x: z.number(),
  coordinates_y: z.number(),
  geohash: z.string(),
  selected_node_id: text,
  distance: number,
  load_score: number,
  status: z.enum(REQUEST_STATUSES),
  /** Why it was rejected or how it failed; null when it did neither. */
  error: text,
  response_time_ms: number,
  request_data: anything,
  response_data: anything,
  metadata: object,
  client_info: z.nullable(object),
  processing_metrics: object,
  created_at: z.iso.datetime(),
});
export type RequestView = z.output<typeof requestView>;

/** The fields of a view, in the order in which they are shown. */
export const FIELDS = Object.keys(requestView.shape) as (keyof RequestView)[];

export function viewOf(item: Item): RequestView {
  const fields = fieldsOfItem(item);
  return Object.fromEntries(FIELDS.map((name) => [name, fields[name] ?? null])) as RequestView;
}

import geohash from "ngeohash";
import { iso } from "../id.ts";
import type { Item } from "../store/index.ts";
import { keyOf } from "./items.ts";
import type { RoutingRequest } from "./record.ts";

/** What a request brings of any shape. Kept as JSON text: DynamoDB's numbers have another range than JSON's, and its maps less depth. */
const JSON_FIELDS = [
  "request_data",
  "response_data",
  "metadata",
  "client_info",
  "processing_metrics",
] as const;

/** The longest client id that is kept to be filtered by. */
export const MAX_CLIENT_ID = 256;

/** A routing request as its item; null, which reads like absent, costs no bytes. */
export function itemOfRequest(request: RoutingRequest, expiresAtS: number): Item {
  const { lat, lng, created_at: madeAt, ...rest } = request;
  return {
    ...Object.fromEntries(
      Object.entries(rest)
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => [name, isJsonField(name) ? JSON.stringify(value) : value]),
    ),
    ...clientIdOf(request.client_info),
    coordinates_x: lng,
    coordinates_y: lat,
    geohash: geohash.encode(lat, lng, 9),
    created_at: iso(madeAt),
    ...keyOf(request.id),
    expires_at: expiresAtS,
  };
}

/** The fields of a stored request, from a listing or from a stream's image, those of any shape parsed. */
export function fieldsOfItem(item: Item): Record<string, unknown> {
  const { hour_shard: _h, expires_at: _e, ...fields } = item;
  for (const name of JSON_FIELDS) {
    if (fields[name] !== undefined) fields[name] = JSON.parse(fields[name] as string);
  }
  return fields;
}

/** Whether a field may be of any shape. */
export function isJsonField(name: string): boolean {
  return (JSON_FIELDS as readonly string[]).includes(name);
}

/** Who the client says it is: `client_id`, else `id`, of its `client_info`; a number as its digits. */
export function clientIdOf(clientInfo: unknown): { client_id?: string } {
  if (clientInfo === null || typeof clientInfo !== "object") return {};
  const { client_id, id } = clientInfo as { client_id?: unknown; id?: unknown };
  const named = client_id ?? id;
  if (typeof named !== "string" && typeof named !== "number") return {};
  const text = String(named);
  return text.length > 0 && text.length <= MAX_CLIENT_ID ? { client_id: text } : {};
}

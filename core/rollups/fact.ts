import { unitX, unitY, unitZ } from "../geo/index.ts";
import type { RequestStatus } from "../requests/index.ts";
import type { Item } from "../store/index.ts";

/** Characters of the geohash that requests are counted by: some 39 by 20 km. */
export const CELL_PRECISION = 4;

/** What is counted of a routing request. */
export interface Fact {
  /** When it was made: milliseconds since the epoch. */
  readonly madeAt: number;
  readonly status: RequestStatus;
  /** Who the client says it is; empty when it does not. */
  readonly client: string;
  /** The node that it was sent to; undefined when it failed or was rejected. */
  readonly node: string | undefined;
  /** Nodes that it was forwarded to in vain, once for each try. */
  readonly failedOn: readonly string[];
  /** Why it was rejected, or how it failed. */
  readonly error: string | undefined;
  readonly cell: string;
  /** Where the client is: its unit vector, in hundred-millionths. */
  readonly at: readonly [number, number, number];
  /** Metres to a node beyond `MAX_DISTANCE`; 0 for one within it, and for none. */
  readonly farMetres: number;
  readonly responseMs: number;
}

const STATUSES: ReadonlySet<unknown> = new Set(["pending", "routed", "completed", "failed", "rejected"]);
/** Some six centimetres; sums of 90 million of them are still exact. */
const units = (part: number) => Math.round(part * 1e8);

/** The fact of a stored routing request; null for an item that is none. */
export function factOf(item: Item, maxDistanceKm: number): Fact | null {
  const { status, geohash, coordinates_x: lng, coordinates_y: lat, distance, response_time_ms } = item;
  const madeAt = typeof item.created_at === "string" ? Date.parse(item.created_at) : Number.NaN;
  if (!STATUSES.has(status) || !Number.isFinite(madeAt) || typeof geohash !== "string") return null;
  if (typeof lat !== "number" || typeof lng !== "number") return null;
  const far = typeof distance === "number" && distance > maxDistanceKm ? distance : 0;
  return {
    madeAt,
    status: status as RequestStatus,
    client: typeof item.client_id === "string" ? item.client_id : "",
    node: typeof item.selected_node_id === "string" ? item.selected_node_id : undefined,
    failedOn: failedOn(item.processing_metrics),
    error: errorOf(item),
    cell: geohash.slice(0, CELL_PRECISION),
    at: [units(unitX(lat, lng)), units(unitY(lat, lng)), units(unitZ(lat))],
    farMetres: Math.ceil(far * 1000),
    responseMs: typeof response_time_ms === "number" ? response_time_ms : 0,
  };
}

function errorOf({ status, error }: Item): string | undefined {
  if (status !== "failed" && status !== "rejected") return undefined;
  return typeof error === "string" && error !== "" ? error : "UNKNOWN";
}

// The text is the system's own; one that can't be read all the same is a request without attempts.
function failedOn(stored: unknown): string[] {
  try {
    const metrics = (typeof stored === "string" ? JSON.parse(stored) : stored) as {
      attempts?: { node_id?: unknown; outcome?: unknown }[];
    } | null;
    return (metrics?.attempts ?? []).flatMap(({ node_id, outcome }) =>
      typeof node_id === "string" && outcome !== "completed" ? [node_id] : [],
    );
  } catch {
    return [];
  }
}

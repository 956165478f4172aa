import * as z from "zod/mini";
import { cursor, pageLimit } from "../nodes/schema.ts";
// Not through the index: whoever reads the contract needs no sketches in its bundle.
import { CELL_PRECISION } from "../rollups/fact.ts";
import { BUCKETS } from "../rollups/periods.ts";

/** ISO-8601 with an offset, or a date (its midnight, UTC), as milliseconds since the epoch. */
const instant = z.pipe(
  z.union(
    [z.iso.datetime({ offset: true }), z.iso.date()],
    "Must be a date or an ISO-8601 time with its offset",
  ),
  z.transform((given) => new Date(given).getTime()),
);
const precisionMessage = `Must be a whole number from 1 to ${CELL_PRECISION}`;
const precision = z.prefault(
  z.coerce
    .number(precisionMessage)
    .check(z.int(precisionMessage), z.gte(1, precisionMessage), z.lte(CELL_PRECISION, precisionMessage)),
  CELL_PRECISION,
);

const inOrder = z.refine<{ since?: number | undefined; until?: number | undefined }>(
  ({ since, until }) => since === undefined || until === undefined || since < until,
  { error: "Must be before until", path: ["since"] },
);

/** A day before `until`, when left out. */
const since = z.optional(instant);
/** Now, when left out. */
const until = z.optional(instant);

export const rangeInput = z.object({ since, until }).check(inOrder);
export const rankedInput = z.object({ since, until, limit: pageLimit, cursor }).check(inOrder);
export const cellsInput = z.object({ since, until, precision, limit: pageLimit, cursor }).check(inOrder);
export const timeseriesInput = z
  .object({
    since,
    until,
    bucket: z.optional(z.enum(BUCKETS, `Must be one of ${BUCKETS.join(", ")}`)),
  })
  .check(inOrder);
export const nothingInput = z.object({});

const time = z.nullable(z.number());
const measured = {
  requests: z.int(),
  failed: z.int(),
  rejected: z.int(),
  /** Percent of the requests that failed or were rejected. */
  error_rate: z.number(),
  /** Milliseconds; null where nothing was timed. */
  response_time_ms: z.object({ p50: time, p95: time, p99: time }),
};
/** The range that was counted, which holds the asked one. */
const counted = { since: z.string(), until: z.string() };
const listed = { ...counted, total: z.int() };

export const summaryView = z.object({
  ...counted,
  ...measured,
  routed: z.int(),
  completed: z.int(),
  pending: z.int(),
  beyond_max_distance: z.int(),
});
export const clientsView = z.object({
  ...listed,
  clients: z.array(z.object({ client_id: z.nullable(z.string()), ...measured })),
});
export const nodesView = z.object({
  ...listed,
  nodes: z.array(z.object({ node_id: z.string(), ...measured })),
});
export const errorsView = z.object({
  ...listed,
  errors: z.array(z.object({ error: z.string(), requests: z.int(), share: z.number() })),
});
const place = { lat: z.number(), lng: z.number() };
export const heatmapView = z.object({
  ...listed,
  precision: z.int(),
  cells: z.array(z.object({ geohash: z.string(), ...place, ...measured, beyond_max_distance: z.int() })),
});
export const timeseriesView = z.object({
  ...counted,
  bucket: z.enum(BUCKETS),
  points: z.array(z.object({ at: z.string(), ...measured })),
});
export const gapsView = z.object({
  ...listed,
  precision: z.int(),
  max_distance_km: z.number(),
  gaps: z.array(
    z.object({
      geohash: z.string(),
      ...place,
      requests: z.int(),
      beyond_max_distance: z.int(),
      rejected: z.int(),
      unserved: z.int(),
      share: z.number(),
      mean_distance_km: z.nullable(z.number()),
      within_reach: z.int(),
    }),
  ),
});
export const dashboardView = z.object({
  total_nodes: z.int(),
  healthy_nodes: z.int(),
  recent_requests: z.array(
    z.object({
      id: z.string(),
      request_id: z.string(),
      coordinates_x: z.number(),
      coordinates_y: z.number(),
      selected_node_id: z.nullable(z.string()),
      distance: z.nullable(z.number()),
      load_score: z.nullable(z.number()),
      status: z.string(),
      response_time_ms: z.nullable(z.number()),
      created_at: z.string(),
    }),
  ),
  system_metrics: z.array(
    z.object({
      metric_name: z.string(),
      metric_value: z.nullable(z.number()),
      unit: z.string(),
      timestamp: z.string(),
    }),
  ),
});

export type SummaryView = z.output<typeof summaryView>;
export type ClientsView = z.output<typeof clientsView>;
export type NodesView = z.output<typeof nodesView>;
export type ErrorsView = z.output<typeof errorsView>;
export type HeatmapView = z.output<typeof heatmapView>;
export type TimeseriesView = z.output<typeof timeseriesView>;
export type GapsView = z.output<typeof gapsView>;
export type DashboardView = z.output<typeof dashboardView>;

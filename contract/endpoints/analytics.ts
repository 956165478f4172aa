import {
  cellsInput,
  clientsView,
  dashboardView,
  errorsView,
  gapsView,
  heatmapView,
  nodesView,
  nothingInput,
  rangeInput,
  rankedInput,
  summaryView,
  timeseriesInput,
  timeseriesView,
} from "../../core/analytics/schema.ts";
import { endpoint } from "../endpoint.ts";

const RANGE =
  "Counts whole minutes in the last 2 days, whole hours in the last 35 days, whole days in the last 2 years: `since` and `until` of the answer " +
  "say what was counted, which holds the range that was asked for, the last 24 hours unless said otherwise. What it costs does not grow " +
  "with the number of requests.";
const window = { since: "2026-01-30", until: "2026-01-31" };
const counted = { since: "2026-01-30T00:00:00.000Z", until: "2026-01-31T00:00:00.000Z" };
const measured = {
  requests: 1200,
  failed: 6,
  rejected: 12,
  error_rate: 1.5,
  response_time_ms: { p50: 4.1, p95: 38.5, p99: 120.7 },
};
const common = {
  method: "GET",
  domain: "analytics",
  who: ["admin", "service:requests:read"],
  status: [200],
} as const;

export const analytics = {
  analyticsSummary: endpoint({
    ...common,
    path: "/admin/api/v1/analytics/summary",
    summary: "How many requests there were, and how they went",
    description: RANGE,
    input: rangeInput,
    output: summaryView,
    example: {
      input: window,
      output: { ...counted, ...measured, routed: 900, completed: 282, pending: 0, beyond_max_distance: 40 },
    },
  }),
  analyticsClients: endpoint({
    ...common,
    path: "/admin/api/v1/analytics/clients",
    summary: "Requests by client, the busiest first",
    description: `Clients are told apart by their \`client_info.client_id\`, or \`id\`; those that name neither stand under null. ${RANGE}`,
    input: rankedInput,
    output: clientsView,
    paged: true,
    example: {
      input: window,
      output: { ...counted, total: 1, clients: [{ client_id: "phone-7", ...measured }] },
    },
  }),
  analyticsNodes: endpoint({
    ...common,
    path: "/admin/api/v1/analytics/nodes",
    summary: "Requests by node, the busiest first",
    description: `A node's requests are those that were sent to it, and every try that failed on it. ${RANGE}`,
    input: rankedInput,
    output: nodesView,
    paged: true,
    example: {
      input: window,
      output: { ...counted, total: 1, nodes: [{ node_id: "zurich-1", ...measured }] },
    },
  }),
  analyticsErrors: endpoint({
    ...common,
    path: "/admin/api/v1/analytics/errors",
    summary: "Why requests were rejected or failed, the most frequent first",
    description: `A rejected request has the code of its refusal; a failed one BAD_NODE or NODE_TIMEOUT. ${RANGE}`,
    input: rankedInput,
    output: errorsView,
    paged: true,
    example: {
      input: window,
      output: { ...counted, total: 1, errors: [{ error: "TOO_FAR", requests: 12, share: 1 }] },
    },
  }),
  analyticsHeatmap: endpoint({
    ...common,
    path: "/admin/api/v1/analytics/heatmap",
    summary: "Requests by geohash cell, the busiest first",
    description: `With \`Accept: application/geo+json\` a GeoJSON FeatureCollection: a polygon for each cell. ${RANGE}`,
    input: cellsInput,
    output: heatmapView,
    alsoTypes: ["application/geo+json"],
    paged: true,
    example: {
      input: { ...window, precision: 4 },
      output: {
        ...counted,
        total: 1,
        precision: 4,
        cells: [{ geohash: "u0qj", lat: 47.373047, lng: 8.613281, ...measured, beyond_max_distance: 40 }],
      },
    },
  }),
  analyticsTimeseries: endpoint({
    ...common,
    path: "/admin/api/v1/analytics/timeseries",
    summary: "Requests over time: a point for each minute, hour or day",
    description:
      "Minutes for at most 12 hours of the last 2 days, hours for at most 35 days, days for at most 2 years. Unless `bucket` says so: minutes up " +
      "to 2 hours, hours up to a week, days beyond. Empty buckets are there too.",
    input: timeseriesInput,
    output: timeseriesView,
    example: {
      input: { ...window, bucket: "day" },
      output: { ...counted, bucket: "day", points: [{ at: counted.since, ...measured }] },
    },
  }),
  analyticsGaps: endpoint({
    ...common,
    path: "/admin/api/v1/analytics/gaps",
    summary: "Where nodes are missing, the greatest demand first",
    description:
      "Cells whose clients were sent beyond `MAX_DISTANCE` or rejected (`unserved`), each with the place where a node would have helped them most: " +
      "the middle of those clients. `within_reach` counts the unserved of all cells whose own place is within `MAX_DISTANCE` of it. " +
      RANGE,
    input: cellsInput,
    output: gapsView,
    paged: true,
    example: {
      input: { ...window, precision: 4 },
      output: {
        ...counted,
        total: 1,
        precision: 4,
        max_distance_km: 50,
        gaps: [
          {
            geohash: "u0qj",
            lat: 47.3769,
            lng: 8.5417,
            requests: 1200,
            beyond_max_distance: 40,
            rejected: 12,
            unserved: 52,
            share: 4.33,
            mean_distance_km: 81.2,
            within_reach: 60,
          },
        ],
      },
    },
  }),
  getDashboardMetrics: endpoint({
    ...common,
    who: ["admin", "service:metrics:read"],
    path: "/admin/api/v1/dashboard/metrics",
    summary: "What a dashboard opens with",
    description:
      "Nodes as they are known in this moment, or up to a minute ago in a large fleet; the newest requests of the last hour, at most 20; and how " +
      "the last hour went.",
    input: nothingInput,
    output: dashboardView,
  }),
};

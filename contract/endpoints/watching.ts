import { historyInput, historyView } from "../../core/metrics/schema.ts";
import { byId } from "../../core/nodes/schema.ts";
import { checkView } from "../../core/watching/schema.ts";
import { endpoint } from "../endpoint.ts";

export const watching = {
  checkNode: endpoint({
    method: "POST",
    path: "/admin/api/v1/nodes/{id}/check",
    domain: "nodes",
    who: ["admin", "service:nodes:write"],
    summary: "Probe a node now: the verdict and its evidence",
    description:
      "The verdict counts like a sweep's: it can complete a run of failures, or of good probes. Of a node that is neither active nor " +
      "draining it is told alone. 409 for a node without an endpoint.",
    input: byId,
    output: checkView,
    status: [200],
    errors: [404, 409],
    example: {
      output: {
        node_id: "zurich-1",
        status: "healthy",
        health: "healthy",
        verdict: "pass",
        evidence: {
          kind: "answer",
          status: 200,
          duration_ms: 12,
          detail: "The node says that it is healthy.",
        },
        consecutive_failures: 0,
        checked_at: "2026-01-31T12:00:00.000Z",
      },
    },
  }),
  getEdgeMetrics: endpoint({
    method: "GET",
    path: "/api/v1/metrics/edge/{edge_id}",
    domain: "nodes",
    who: ["admin", "service:metrics:read"],
    summary: "A node's load over time",
    description:
      "Kept for 7 days, a sample a minute. A point is the mean of the samples in its bucket; nothing between `since` and `until` is left out.",
    input: historyInput,
    output: historyView,
    status: [200],
    errors: [404],
    example: {
      output: {
        edge_id: "zurich-1",
        since: "2026-01-31T11:00:00.000Z",
        until: "2026-01-31T12:00:00.000Z",
        bucket_s: 60,
        points: [
          {
            at: "2026-01-31T11:00:00.000Z",
            samples: 1,
            cpu_usage: 31.5,
            memory_usage: 60,
            active_connections: 12,
          },
        ],
        totals: {
          samples: 1,
          cpu_usage: { avg: 31.5, max: 31.5 },
          memory_usage: { avg: 60, max: 60 },
          active_connections: { avg: 12, max: 12 },
        },
      },
    },
  }),
};

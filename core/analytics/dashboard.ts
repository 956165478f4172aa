import { memoryOf, type World } from "../ctx.ts";
import { iso } from "../id.ts";
import { Nodes, statusOf } from "../nodes/index.ts";
import { Requests } from "../requests/index.ts";
import { Rollups } from "../rollups/index.ts";
import { verb } from "../verb.ts";
import { measured } from "./range.ts";
import { type DashboardView, nothingInput } from "./schema.ts";

const RECENT = 20;
const HOUR_MS = 3_600_000;

const COUNTS = Symbol("dashboard counts of nodes");
/** Counting reads the fleet, so a count is good for 30 ms a node: a second for a small fleet, a minute for one of 2 000 and more. */
const COUNT_KEPT_MS = { least: 1000, perNode: 30, most: 60_000 };

interface NodeCounts {
  readonly at: number;
  readonly total_nodes: number;
  readonly healthy_nodes: number;
}

/** The figures that a dashboard opens with: nodes, the requests of the last hour, and how they went. */
export const dashboard = verb(nothingInput, async (ctx): Promise<DashboardView> => {
  const until = ctx.now();
  const since = until - HOUR_MS;
  const [counts, recent, counted] = await Promise.all([
    nodeCounts(ctx),
    Requests.list(ctx, { since: iso(since), limit: RECENT }),
    Rollups.read(ctx, { since, until }, []),
  ]);
  const { requests, error_rate, response_time_ms } = measured(counted.cube.total);
  const metric = (metric_name: string, metric_value: number | null, unit: string) => ({
    metric_name,
    metric_value,
    unit,
    timestamp: iso(until),
  });
  return {
    total_nodes: counts.total_nodes,
    healthy_nodes: counts.healthy_nodes,
    recent_requests: recent.items.map(shown),
    system_metrics: [
      metric("requests_last_hour", requests, "requests"),
      metric("error_rate_last_hour", error_rate, "percent"),
      metric("response_time_p50_last_hour", response_time_ms.p50, "ms"),
      metric("response_time_p95_last_hour", response_time_ms.p95, "ms"),
      metric("response_time_p99_last_hour", response_time_ms.p99, "ms"),
    ],
  };
});

type Listed = Awaited<ReturnType<typeof Requests.list>>["items"][number];

/** A request without what it carried. */
function shown(one: Listed): DashboardView["recent_requests"][number] {
  const { id, request_id, coordinates_x, coordinates_y, selected_node_id, distance, load_score } = one;
  const { status, response_time_ms, created_at } = one;
  const place = { coordinates_x, coordinates_y, selected_node_id, distance, load_score };
  return { id, request_id, ...place, status, response_time_ms, created_at };
}

async function nodeCounts(world: World): Promise<NodeCounts> {
  const held = memoryOf(world, COUNTS, () => ({ counts: undefined as NodeCounts | undefined }));
  const { least, perNode, most } = COUNT_KEPT_MS;
  const now = world.now();
  const known = held.counts;
  if (known && now - known.at < Math.min(most, Math.max(least, perNode * known.total_nodes))) return known;
  let total_nodes = 0;
  let healthy_nodes = 0;
  for await (const record of Nodes.all(world)) {
    total_nodes++;
    if (statusOf(record.desired_state, record.health) === "healthy") healthy_nodes++;
  }
  held.counts = { at: now, total_nodes, healthy_nodes };
  return held.counts;
}

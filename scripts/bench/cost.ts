import { startDynamoDbLocal } from "../local/dynamodb.ts";
import type { Bench, Figure } from "./bench.ts";
import { byMeasure } from "./cost/accounts.ts";
import { ALWAYS, AT_WORK, awakeShare, broadcastLines, dashboardLines, type Use } from "./cost/dashboards.ts";
import { nodeLines } from "./cost/nodes.ts";
import { routeLines } from "./cost/routes.ts";
import { figuresOf, type Line, sumOfLines } from "./cost/sheet.ts";
import { liveSlice, type Slice } from "./cost/slice.ts";
import { startServers } from "./sweep/fleet.ts";

const PORTS = 50;

/** The bars: dollars for a million routes, a node-month, a dashboard-month. */
export const BARS = { routes: 2.6, node: 0.01, dashboard: 0.15 } as const;

export const bench: Bench = {
  name: "cost",
  what: "11: the cost sheet, of units counted in minutes of a fleet's life; see docs/costs.md",
  async run({ full, log }) {
    const database = await startDynamoDbLocal();
    const servers = await startServers(PORTS);
    const ground = { endpoint: database.endpoint, ports: servers.ports };
    const live = (prefix: string, nodes: number, routesPerSecond: number, seconds = full ? 600 : 120) =>
      liveSlice(ground, prefix, {
        nodes,
        routesPerSecond,
        seconds,
        warmUpSeconds: 60,
        dashboards: [0, 1, 20, 99],
        billing: byMeasure,
        log,
      });
    try {
      const busy = await live("busy", 1000, 10);
      const quiet = await live("quiet", 24, 0);
      const figures = [...ofRoutes(busy), ...ofNodes(busy), ...ofDashboards(busy)];
      figures.push(...ofNodes(quiet, false), ...ofWallScreen(quiet), ofBusyScreen(busy));
      figures.push(...ofRoutes(await live("rare", 24, 1), false));
      if (full) {
        figures.push(...ofRoutes(await live("many", 1000, 100, 180)));
        figures.push(...ofNodes(await live("large", 10_000, 10, 180)));
      }
      return figures;
    } finally {
      servers.close();
      await database.stop();
    }
  },
};

/** @param barred whether the bar speaks of this pace */
export function ofRoutes(slice: Slice, barred = true): Figure[] {
  const heading = `routes, ${slice.routesPerSecond}/s`;
  return sheet(heading, routeLines(slice), "$/million", "a million routes", barred ? BARS.routes : undefined);
}

/** @param barred whether the bar speaks of a fleet of that size */
export function ofNodes(slice: Slice, barred = true): Figure[] {
  const heading = `${slice.nodes} nodes`;
  return sheet(heading, nodeLines(slice), "$/month", "a node-month", barred ? BARS.node : undefined);
}

/** Marginal, against the bar; and the broadcaster, which works for all dashboards together, apart. */
export function ofDashboards(slice: Slice): Figure[] {
  const heading = "dashboard at work";
  return [
    ...sheet(
      heading,
      dashboardLines(slice, most(slice), AT_WORK),
      "$/month",
      "a dashboard more",
      BARS.dashboard,
    ),
    ...ofBroadcaster(slice, AT_WORK),
  ];
}

function ofWallScreen(slice: Slice): Figure[] {
  const heading = "screen on a wall";
  return [
    ...sheet(heading, dashboardLines(slice, most(slice), ALWAYS), "$/month", "a screen more"),
    ...ofBroadcaster(slice, ALWAYS),
  ];
}

/** The most that a screen comes to: there is something to tell all the time. */
function ofBusyScreen(slice: Slice): Figure {
  const value = sumOfLines(dashboardLines(slice, most(slice), ALWAYS));
  return { name: "screen on a wall, on the fleet and routes of the dashboard", value, unit: "$/month" };
}

function ofBroadcaster(slice: Slice, use: Use): Figure[] {
  return slice.audiences.flatMap((told) => {
    if (told.dashboards === 0) return [];
    const lines = broadcastLines(slice, told, use);
    const heading = `broadcaster of ${told.dashboards} such`;
    return [
      ...figuresOf(lines, heading, "$/month"),
      { name: `${heading}: awake`, value: 100 * awakeShare(slice, told), unit: "%" },
      { name: `${heading}: all of it`, value: sumOfLines(lines), unit: "$/month" },
      { name: `${heading}: for each`, value: sumOfLines(lines) / told.dashboards, unit: "$/month" },
    ];
  });
}

function most({ audiences }: Slice): Slice["audiences"][number] {
  return audiences.reduce((a, b) => (b.dashboards > a.dashboards ? b : a));
}

function sheet(heading: string, lines: readonly Line[], unit: string, all: string, bar?: number): Figure[] {
  const total = { name: `${heading}: ${all}`, value: sumOfLines(lines), unit };
  return [
    ...figuresOf(lines, heading, unit),
    bar === undefined ? total : { ...total, bar: { op: "<=", value: bar } },
  ];
}

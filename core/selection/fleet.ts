/**
 * What a sweep publishes for the routers, in the root directory that they all re-read: enough to know what one send of
 * a router's own stands for. Two or three numbers, whatever the size of the fleet.
 */
export interface FleetRate {
  /** Routes per second of all routers together. */
  readonly routesPerSecond: number;
  /** Routers that reported lately; at least 1. */
  readonly routers: number;
  /** How long a client stays on a node, in seconds; undefined while nothing was routed. */
  readonly sessionSeconds?: number | undefined;
}

/** What a router publishes about itself, about every 30 s, in one item that expires after two or three of them. */
export interface RouterReport {
  readonly sends: number;
  /** The time those sends took. */
  readonly seconds: number;
}

const SHORTEST_SESSION_S = 1;
const LONGEST_SESSION_S = 3600;

/**
 * Folds the unexpired reports and the connections seen by the last sweep of every node into what is published.
 * A session's length is by Little's law the connections there are over the rate at which they come, kept within 1 s
 * and 1 h; connections that did not come through a router make it longer, which only makes the estimate forget less.
 */
export function fleetRate(reports: readonly RouterReport[], connections: number): FleetRate {
  let routesPerSecond = 0;
  for (const report of reports) if (report.seconds > 0) routesPerSecond += report.sends / report.seconds;
  const routers = Math.max(1, reports.length);
  if (routesPerSecond === 0) return { routesPerSecond, routers };
  const seconds = connections / routesPerSecond;
  const sessionSeconds = Math.min(LONGEST_SESSION_S, Math.max(SHORTEST_SESSION_S, seconds));
  return { routesPerSecond, routers, sessionSeconds };
}

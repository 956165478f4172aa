import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Figure } from "../../scripts/bench/bench.ts";
import type { Billing } from "../../scripts/bench/cost/accounts.ts";
import type { Ground } from "../../scripts/bench/cost/fleet.ts";
import { countWrites } from "../../scripts/bench/cost/requests.ts";
import { liveSlice } from "../../scripts/bench/cost/slice.ts";
import { BARS, ofDashboards, ofNodes, ofRoutes } from "../../scripts/bench/cost.ts";
import { startServers } from "../../scripts/bench/sweep/fleet.ts";
import type { FunctionName } from "../../stacks/functions.ts";

let servers: Awaited<ReturnType<typeof startServers>>;
let ground: Ground;
beforeAll(async () => {
  servers = await startServers(20);
  ground = { endpoint: inject("dynamodbEndpoint"), ports: servers.ports };
});
afterAll(() => servers.close());

test.each([
  { kind: "forwarded, of nearly 1 KB", perBatch: 1, requests: 40 },
  { kind: "plain", perBatch: 100, requests: 400 },
] as const)(
  "a routed request ($kind, $perBatch a batch) and its event are at most 2 write units",
  async (load) => {
    const { requests, units } = await countWrites(ground, load);
    expect(units.request).toBe(requests);
    expect(units.event).toBeGreaterThan(0);
    expect((units.request + units.event) / requests).toBeLessThanOrEqual(2);
    // One an hour and router, however many requests there are.
    expect(units.hour).toBe(1);
    expect(units.counting).toBeGreaterThan(0);
    expect(units.counting / requests).toBeLessThanOrEqual(1);
  },
  120_000,
);

/**
 * Milliseconds that a call is taken to be billed, so that only counts decide: above what the bench measures. A sweep's is for two hundred
 * nodes.
 */
const ALLOWED_MS: Partial<Record<FunctionName, number>> = { "health-worker": 800, "fold-rollups": 500 };
const billing: Billing = (name) => ALLOWED_MS[name] ?? 10;

test("the cost sheet holds its bars, by what is counted", async () => {
  const slice = await liveSlice(ground, `cost${randomBytes(4).toString("hex")}`, {
    nodes: 200,
    routesPerSecond: 10,
    seconds: 60,
    warmUpSeconds: 15,
    dashboards: [0, 1, 60],
    billing,
    log: () => {},
  });
  expect(slice.routes).toBe(600);
  expect.soft(total(ofRoutes(slice))).toBeLessThanOrEqual(BARS.routes);
  expect.soft(total(ofNodes(slice))).toBeLessThanOrEqual(BARS.node);
  expect.soft(total(ofDashboards(slice))).toBeLessThanOrEqual(BARS.dashboard);
  // Nothing is left out: a route is one API request, one write and its part of an event; a node is swept twice a minute.
  expect(total(ofRoutes(slice))).toBeGreaterThan(1.2 + 0.625);
  expect(slice.orders).toBe(2);
  for (const { dashboards, messages } of slice.audiences) {
    // R7: a message of chatter in five seconds, and not a message less: there is something to tell all the time.
    expect(messages).toBe(12 * dashboards);
  }
}, 120_000);

/** The figure that has the bar. */
function total(figures: readonly Figure[]): number {
  const [barred, ...others] = figures.filter(({ bar }) => bar);
  expect(others).toEqual([]);
  return barred!.value;
}

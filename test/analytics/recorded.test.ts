import { afterAll, beforeAll, expect, test } from "vitest";
import { Analytics } from "../../core/analytics/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { REQUESTS } from "../../core/requests/items.ts";
import { Routing } from "../../core/routing/index.ts";
import { makeRollups } from "../../functions/streams/rollups.ts";
import { openCheckpoints } from "../../scripts/local/checkpoints.ts";
import { openStreamsClient, startTrigger, type Trigger } from "../../scripts/local/streams.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let trigger: Trigger;
const close: (() => void)[] = [];
beforeAll(async () => {
  world = await openTestWorld();
  const streams = openStreamsClient(world.config.DYNAMODB_ENDPOINT!);
  close.push(() => streams.destroy());
  trigger = await startTrigger({
    name: "request-rollups",
    table: world.store.table(REQUESTS),
    handler: makeRollups(() => world),
    client: world.store.doc,
    streams,
    checkpoints: openCheckpoints(),
    log: world.log,
    pollMs: 10,
    windowed: true,
  });
});
afterAll(async () => {
  await trigger.close();
  for (const one of close) one();
  await world.close();
});

test("what was routed is counted: a refusal with its code, the client, the cell, and the dashboard beside the nodes", async () => {
  const ctx = adminCtx(world);
  await Nodes.create(ctx, {
    name: "one",
    location: { lat: 0, lng: 0 },
    endpoint: "http://127.0.0.1:9/",
  });
  for (let n = 0; n < 3; n++) {
    const asked = {
      request_id: `r-${n}`,
      coordinates: { lat: 47.37, lng: 8.54 },
      client_info: { id: "phone" },
    };
    await expect(Routing.route(ctx, asked)).rejects.toMatchObject({ kind: "unavailable" });
  }
  let summary = await Analytics.summary(ctx, {});
  while (summary.requests < 3) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    summary = await Analytics.summary(ctx, {});
  }
  expect(summary).toMatchObject({ requests: 3, rejected: 3, error_rate: 100 });
  expect((await Analytics.errors(ctx, {})).errors).toEqual([{ error: "NO_NODES", requests: 3, share: 100 }]);
  expect((await Analytics.clients(ctx, {})).clients).toMatchObject([{ client_id: "phone", rejected: 3 }]);
  expect((await Analytics.gaps(ctx, {})).gaps).toMatchObject([
    {
      geohash: "u0qj",
      lat: 47.37,
      lng: 8.54,
      rejected: 3,
      unserved: 3,
      mean_distance_km: null,
      within_reach: 3,
    },
  ]);
  const dashboard = await Analytics.dashboard(ctx, {});
  expect(dashboard).toMatchObject({ total_nodes: 1, healthy_nodes: 0 });
  expect(dashboard.recent_requests.map((one) => one.request_id).sort()).toEqual(["r-0", "r-1", "r-2"]);
});

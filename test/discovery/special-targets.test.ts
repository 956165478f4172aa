import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Ctx } from "../../core/ctx.ts";
import { Discovery } from "../../core/discovery/index.ts";
import { Forbidden, Invalid } from "../../core/errors.ts";
import { createOutbound } from "../../core/outbound/index.ts";
import { type DialSpy, spyOnDials } from "../outbound/dial-spy.ts";
import { createNames, specialTargets } from "../outbound/special-targets.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";

const SPECIAL_NETWORKS = [
  "0.0.0.0/24",
  "10.0.0.0/28",
  "100.64.0.0/28",
  "127.0.0.0/28",
  "168.63.129.16",
  "169.254.169.240/28",
  "172.16.0.0/28",
  "192.0.2.0/28",
  "192.168.1.0/28",
  "198.18.0.0/28",
  "224.0.0.0/28",
  "240.0.0.0/28",
];

let world: TestWorld;
let ctx: Ctx;
let storePort: number;
let spy: DialSpy;

// A deployed supervisor: loopback is special too.
beforeAll(async () => {
  const outbound = createOutbound({ allowLoopback: false, lookup: createNames() });
  world = await openTestWorld({
    outbound,
    config: { ARX_ALLOW_LOOPBACK: false, ARX_SCAN_NETWORKS: ["0.0.0.0/0"] },
  });
  ctx = adminCtx(world);
  storePort = Number(new URL(world.config.DYNAMODB_ENDPOINT!).port);
});
afterAll(() => world.close());
beforeEach(() => {
  spy = spyOnDials(({ port }) => port === storePort);
});
afterEach(() => spy.restore());

const dialled = () => spy.dials.filter(({ port }) => port !== storePort);

test("discovery opens no socket to a special target", async () => {
  const targets = specialTargets();
  const wrong: string[] = [];
  for (const { what, url } of targets) {
    const refused = await Discovery.discover(ctx, { endpoint: url }).catch((error: unknown) => error);
    if (!(refused instanceof Invalid)) wrong.push(`${what}: ${String(refused)}`);
  }
  console.log(`special targets, discovery: ${targets.length} tried, ${dialled().length} dialled`);
  expect(wrong).toEqual([]);
  expect(dialled()).toEqual([]);
});

test("nor does a batch", async () => {
  const endpoints = specialTargets()
    .filter(({ kind }) => kind === "blocked")
    .map(({ url }) => new URL(url).origin);
  const unique = [...new Set(endpoints)];
  const answer = await Discovery.batch(ctx, { endpoints: unique });
  console.log(`special targets, batch: ${unique.length} tried, ${dialled().length} dialled`);
  expect(unique.length).toBeGreaterThanOrEqual(60);
  expect(answer).toMatchObject({ discovered: 0, failed: unique.length });
  expect(dialled()).toEqual([]);
});

test.each(SPECIAL_NETWORKS)("nor does a scan of %s, though the operator allowed it", async (network) => {
  const refused = await Discovery.scan(ctx, { network, ports: "80,9001" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Forbidden);
  expect(dialled()).toEqual([]);
});

test("of a network that is partly special, only the public part is dialled", async () => {
  const answer = await Discovery.scan(ctx, { network: "192.0.0.0/22", ports: "80" });
  expect(answer).toMatchObject({ scanned: 1024, discovered: 0, failed: 1024 });
  const addresses = new Set(dialled().map(({ address }) => address));
  expect(addresses.size).toBeGreaterThan(0);
  expect([...addresses].filter((address) => !/^192\.0\.[13]\./.test(address))).toEqual([]);
});

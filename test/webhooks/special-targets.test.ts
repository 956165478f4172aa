import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Invalid } from "../../core/errors.ts";
import { newId } from "../../core/id.ts";
import { createOutbound } from "../../core/outbound/index.ts";
import { Webhooks } from "../../core/webhooks/index.ts";
import { insertWebhook, readRoster } from "../../core/webhooks/items.ts";
import { newSecret } from "../../core/webhooks/secret.ts";
import { type DialSpy, spyOnDials } from "../outbound/dial-spy.ts";
import { createNames, specialTargets } from "../outbound/special-targets.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let storePort: number;
let spy: DialSpy;

// A deployed supervisor: loopback is special too.
beforeAll(async () => {
  const outbound = createOutbound({ allowLoopback: false, lookup: createNames() });
  world = await openTestWorld({ outbound, config: { ARX_ALLOW_LOOPBACK: false } });
  storePort = Number(new URL(world.config.DYNAMODB_ENDPOINT!).port);
});
afterAll(() => world.close());
beforeEach(() => {
  spy = spyOnDials(({ port }) => port === storePort);
});
afterEach(() => spy.restore());

const dialled = () => spy.dials.filter(({ port }) => port !== storePort);

test("registering one is refused, but for a name that is not resolved yet; none is dialled", async () => {
  const targets = specialTargets("/hook").map((target) => ({
    ...target,
    url: target.url.replace(/^http:/, "https:"),
  }));
  const accepted: string[] = [];
  for (const { url } of targets) {
    const made = await Webhooks.create(adminCtx(world), { url, types: ["*"] }).catch(
      (error: unknown) => error,
    );
    if (made instanceof Invalid) continue;
    const { id } = made as { id: string };
    accepted.push(new URL(url).hostname);
    await Webhooks.remove(adminCtx(world), { id });
  }
  expect(accepted.filter((name) => !name.endsWith(".test"))).toEqual([]);
  expect(dialled()).toEqual([]);
});

test("delivering and testing open no socket to a special target, and take it for a failure", async () => {
  const targets = specialTargets("/hook");
  const wrong: string[] = [];
  for (const { what, url } of targets) {
    // As if it had got past registration: its name resolved otherwise then.
    const id = newId(world);
    const now = world.now();
    const { made } = await readRoster(world.store);
    const webhook = {
      id,
      url,
      types: null,
      cells: null,
      description: null,
      active: true,
      disabled_reason: null,
      active_since: now,
      secrets: [(await newSecret(world, id)).secret],
      created_at: now,
      updated_at: now,
      revision: 1,
    };
    expect(await insertWebhook(world.store, webhook, made, [])).toBe(true);
    const event = {
      type: "node_updated",
      id: newId(world),
      at: new Date(now).toISOString(),
      data: {},
    } as const;
    const receipt = { attempt: 1, sentAt: Date.now() };
    const { again, outcome } = await Webhooks.deliver(world, { webhook_id: id, event }, receipt);
    const tried = await Webhooks.test(adminCtx(world), { id });
    if (again === null || outcome?.ok !== false || outcome.status !== null || tried.delivered)
      wrong.push(what);
    await Webhooks.remove(adminCtx(world), { id });
  }
  console.log(`special targets, webhooks: ${targets.length} tried, ${dialled().length} dialled`);
  expect(wrong).toEqual([]);
  expect(dialled()).toEqual([]);
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "../../core/config.ts";
import type { Ctx } from "../../core/ctx.ts";
import { createOutbound } from "../../core/outbound/index.ts";
import { forward } from "../../core/routing/forward.ts";
import { probe } from "../../core/watching/probe.ts";
import { type DialSpy, spyOnDials } from "./dial-spy.ts";
import { createNames, specialTargets } from "./special-targets.ts";

/** Nodes that got past registration (their name resolved otherwise then): what calls them must be stopped at the dial. */
let spy: DialSpy;
let ctx: Ctx;

beforeEach(() => {
  spy = spyOnDials(() => false);
  ctx = {
    config: readConfig({}),
    outbound: createOutbound({ allowLoopback: false, lookup: createNames() }),
    now: Date.now,
    random: Math.random,
    memory: new Map(),
    log: { info() {}, warn() {}, error() {} },
    actor: { kind: "system", id: "test" },
    requestId: "test",
  } as unknown as Ctx;
});
afterEach(() => {
  ctx.outbound.close();
  spy.restore();
});

test("a probe opens no socket to a special target, and takes it for a failure", async () => {
  const targets = specialTargets("/health");
  for (const { url } of targets) expect((await probe(ctx, url)).pass, url).toBe(false);
  console.log(`special targets, probe: ${targets.length} tried, ${spy.dials.length} dialled`);
  expect(spy.dials).toEqual([]);
});

test("forwarding opens no socket to a special target, and takes it for a failed attempt", async () => {
  const targets = specialTargets("");
  const request = { request_id: "r", payload: {}, coordinates: { lat: 0, lng: 0 } } as never;
  for (const { url } of targets) {
    const { attempt } = await forward(ctx, request, { id: "node", endpoint: url }, 2000);
    expect(attempt.outcome, url).toBe("failed");
  }
  console.log(`special targets, forward: ${targets.length} tried, ${spy.dials.length} dialled`);
  expect(spy.dials).toEqual([]);
});

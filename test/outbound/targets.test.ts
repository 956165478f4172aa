import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkTarget, createOutbound, OutboundError } from "../../core/outbound/index.ts";
import { type DialSpy, spyOnDials } from "./dial-spy.ts";
import {
  createNames,
  isForbidden,
  rebindingNames,
  redirectTargets,
  specialTargets,
} from "./special-targets.ts";

const caps = { method: "GET", timeoutMs: 5_000, maxBytes: 1024 } as const;

let ownPorts: Set<number>;
let spy: DialSpy;
beforeEach(() => {
  ownPorts = new Set();
  spy = spyOnDials(({ address, port }) => address === "127.0.0.1" && ownPorts.has(port));
});
afterEach(() => spy.restore());

async function kindOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "answered";
  } catch (error) {
    return error instanceof OutboundError ? error.kind : `not an OutboundError: ${String(error)}`;
  }
}

function forbiddenDials(allowLoopback: boolean): unknown[] {
  return spy.dials.filter(({ address, port }) => isForbidden(address, port, allowLoopback));
}

for (const allowLoopback of [false, true]) {
  test(`special targets open no socket, loopback ${allowLoopback ? "allowed" : "refused"}`, async () => {
    const outbound = createOutbound({ allowLoopback, lookup: createNames() });
    const targets = specialTargets().filter((t) => !allowLoopback || t.refusedLocally);
    const wrong: string[] = [];
    for (const target of targets) {
      const kind = await kindOf(outbound.request({ ...caps, url: target.url }));
      if (kind !== target.kind) wrong.push(`${target.what}: ${kind}`);
    }
    outbound.close();
    console.log(
      `special targets, loopback ${String(allowLoopback)}: ${targets.length} tried, ${spy.dials.length} dialled`,
    );
    expect(wrong).toEqual([]);
    expect(spy.dials).toEqual([]);
    expect(targets.length).toBeGreaterThanOrEqual(60);
  });
}

test("the check at registration refuses every special literal without asking DNS", () => {
  const literals = specialTargets().filter((t) => !/\.test\b/.test(t.url) || t.kind === "bad_url");
  const policy = { allowLoopback: false, lookup: () => Promise.reject(new Error("DNS was asked")) };
  const wrong = literals.filter((target) => checkTarget(target.url, policy)?.kind !== target.kind);
  expect(wrong).toEqual([]);
  console.log(`checked at registration: ${literals.length}`);
});

test("a public address is dialled, so the counts above can fail", async () => {
  const outbound = createOutbound({ allowLoopback: false, lookup: createNames() });
  for (const origin of [
    "http://203.0.114.7:9001",
    "https://203.0.114.7",
    "http://[2606:4700::7]",
    "http://public.test",
  ]) {
    expect(await kindOf(outbound.request({ ...caps, url: origin }))).toBe("connect");
  }
  outbound.close();
  expect(spy.dials.map(({ address, port }) => `${address} ${port}`)).toEqual([
    "203.0.114.7 9001",
    "203.0.114.7 443",
    "2606:4700::7 80",
    "203.0.114.7 80",
  ]);
  expect(forbiddenDials(false)).toEqual([]);
});

test("the spy sees a client without a guard", async () => {
  await new Promise((resolve) => request("http://10.0.0.5/").on("error", resolve).end());
  await new Promise((resolve) => request("http://private.test/").on("error", resolve).end());
  expect(forbiddenDials(true)).toEqual([
    { address: "10.0.0.5", port: 80 },
    { address: "private.test", port: 80 },
  ]);
});

test("a name that was public and is rebound is refused, whatever was known of it", async () => {
  for (const name of rebindingNames) {
    const outbound = createOutbound({ allowLoopback: false, lookup: createNames() });
    const url = `http://${name}/health`;
    expect(checkTarget(url, { allowLoopback: false })).toBeNull();
    expect(await kindOf(outbound.request({ ...caps, url }))).toBe("connect");
    const before = spy.dials.length;
    for (let i = 0; i < 3; i++) expect(await kindOf(outbound.request({ ...caps, url }))).toBe("blocked");
    expect(spy.dials.length).toBe(before);
    outbound.close();
  }
  expect(forbiddenDials(false)).toEqual([]);
  console.log(`rebound names: ${rebindingNames.length}`);
});

test("a redirect is an answer and is not followed", async () => {
  const outbound = createOutbound({ allowLoopback: true, lookup: createNames() });
  let location = "";
  let status = 302;
  const node = createServer((_req, res) => res.writeHead(status, { location }).end());
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  const { port } = node.address() as AddressInfo;
  ownPorts.add(port);
  let tried = 0;
  for (location of redirectTargets) {
    for (status of [301, 302, 303, 307, 308]) {
      const answer = await outbound.request({ ...caps, url: `http://127.0.0.1:${port}/health` });
      expect(answer.status).toBe(status);
      expect(answer.headers["location"]).toBe(location);
      tried += 1;
    }
  }
  outbound.close();
  node.close();
  expect(spy.dials.every((dial) => dial.port === port)).toBe(true);
  console.log(`redirects: ${tried} tried, none followed`);
});

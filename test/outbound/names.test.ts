import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createOutbound } from "../../core/outbound/index.ts";
import { queryLookup } from "../../core/outbound/names.ts";
import { spyOnDials } from "./dial-spy.ts";
import { startDns, type Zone } from "./dns-server.ts";

const caps = { method: "GET", timeoutMs: 25_000, maxBytes: 1024 } as const;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function lookupIn(zone: Zone) {
  const dns = await startDns(zone);
  closers.push(() => dns.close());
  return queryLookup([dns.address]);
}

function client(lookup: (name: string) => Promise<readonly string[]>, allowLoopback = false) {
  const outbound = createOutbound({ allowLoopback, lookup });
  closers.push(() => outbound.close());
  return outbound;
}

test("a name has the addresses of both families, IPv4 first", async () => {
  const lookup = await lookupIn({
    "both.test": ["2606:4700::7", "203.0.114.7"],
    "six.test": ["2606:4700::7"],
    "none.test": [],
  });
  expect(await lookup("both.test")).toEqual(["203.0.114.7", "2606:4700::7"]);
  expect(await lookup("six.test")).toEqual(["2606:4700::7"]);
  expect(await lookup("none.test")).toEqual([]);
  expect(await lookup("missing.test")).toEqual([]);
});

test("a name that DNS does not know is dns, and one that it gives a private address is blocked, without a dial", async () => {
  const spy = spyOnDials(() => false);
  closers.push(() => spy.restore());
  const outbound = client(
    await lookupIn({
      "none.test": [],
      "private.test": ["10.0.0.5"],
      "mixed.test": ["203.0.114.7", "fd00::1"],
    }),
  );
  const ends = {
    "missing.test": "dns",
    "none.test": "dns",
    "private.test": "blocked",
    "mixed.test": "blocked",
  };
  for (const [name, kind] of Object.entries(ends)) {
    await expect(outbound.request({ ...caps, url: `http://${name}/` })).rejects.toMatchObject({ kind });
  }
  expect(spy.dials).toEqual([]);
});

test("names on a dead name server are cut by the time cap and hold up no other", async () => {
  const node = createServer((_req, res) => res.end("ok"));
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  closers.push(() => node.close());
  const { port } = node.address() as AddressInfo;
  const dead = Array.from({ length: 32 }, (_, i) => `dead-${i}.test`);
  const lookup = await lookupIn({
    ...Object.fromEntries(dead.map((name) => [name, null])),
    "good.test": ["127.0.0.1"],
  });
  const outbound = client(lookup, true);
  const ended: string[] = [];
  const held = dead.map(async (name) => {
    await expect(outbound.request({ ...caps, timeoutMs: 500, url: `http://${name}/` })).rejects.toMatchObject(
      { kind: "timeout" },
    );
    ended.push(name);
  });
  expect((await outbound.request({ ...caps, url: `http://good.test:${port}/` })).status).toBe(200);
  ended.push("good.test");
  await Promise.all(held);
  expect(ended[0]).toBe("good.test");
});

test("the local run resolves as the system does, localhost included", async () => {
  const node = createServer((_req, res) => res.end("ok"));
  await new Promise<void>((resolve) => node.listen(0, "localhost", resolve));
  closers.push(() => node.close());
  const { port } = node.address() as AddressInfo;
  const outbound = createOutbound({ allowLoopback: true });
  closers.push(() => outbound.close());
  expect((await outbound.request({ ...caps, url: `http://localhost:${port}/` })).status).toBe(200);
});

import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOutbound } from "../../core/outbound/index.ts";
import { selfSigned } from "./self-signed.ts";

const caps = { method: "GET", timeoutMs: 25_000, maxBytes: 1024 } as const;
const authorities = getCACertificates();
const trusted = selfSigned({ name: "edge.test" });
const node = createServer(trusted, (_req, res) => res.end("ok"));
const lookup = async () => ["127.0.0.1"];
let connections = 0;
let port = 0;

beforeAll(async () => {
  setDefaultCACertificates([...authorities, trusted.cert]);
  node.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  port = (node.address() as AddressInfo).port;
});
afterAll(() => {
  setDefaultCACertificates(authorities);
  node.close();
});

test("a node with a trusted certificate answers, and its connection is kept", async () => {
  const outbound = createOutbound({ allowLoopback: true, lookup });
  for (let i = 0; i < 3; i++) {
    const answer = await outbound.request({ ...caps, url: `https://edge.test:${port}/health` });
    expect(Buffer.from(answer.body).toString()).toBe("ok");
  }
  expect(connections).toBe(1);
  outbound.close();
});

test("a trusted certificate for another name is refused, by name and by address", async () => {
  const outbound = createOutbound({ allowLoopback: true, lookup });
  for (const host of ["other.test", "127.0.0.1"]) {
    const call = outbound.request({ ...caps, url: `https://${host}:${port}/health` });
    await expect(call).rejects.toMatchObject({ kind: "tls" });
  }
  outbound.close();
});

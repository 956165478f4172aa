import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { createOutbound, type Outbound, OutboundError } from "../../core/outbound/index.ts";
import { badNodes } from "./bad-servers.ts";

const MAX_BYTES = 64 * 1024;
/** The parser is handed what one read brought, 64 KiB at most, before the caps are looked at; tiny chunks weigh sixfold. */
const MAX_READ = 6 * MAX_BYTES + 2 * 64 * 1024;

const policy = { allowLoopback: true };
let outbound: Outbound;
const dialled: Socket[] = [];
const onDial = (message: unknown) => dialled.push((message as { socket: Socket }).socket);

beforeEach(() => {
  dialled.length = 0;
  subscribe("net.client.socket", onDial);
  outbound = createOutbound(policy);
});
afterEach(() => {
  unsubscribe("net.client.socket", onDial);
  outbound.close();
});
afterAll(() => console.log(`bad nodes: ${badNodes.length} tried`));

test.each(badNodes.map((node) => [node.what, node.ends, node] as const))(
  "a node that %s: %s",
  async (_what, ends, node) => {
    const server = await node.start();
    try {
      // Where the time cap is not what must end it, it is out of the way.
      const timeoutMs = ends === "timeout" ? 300 : 25_000;
      const end = await outbound
        .request({ url: `${server.origin}/health`, method: "GET", timeoutMs, maxBytes: MAX_BYTES })
        .then(
          () => "answered",
          (error: unknown) => (error instanceof OutboundError ? error.kind : error),
        );
      expect(end).toBe(ends);
      expect(server.connections).toBeLessThanOrEqual(1);
      // Blank lines are skipped by the parser: they are bounded by time alone.
      const read = node.what.includes("blank lines")
        ? 0
        : Math.max(0, ...dialled.map((socket) => socket.bytesRead));
      expect(read).toBeLessThanOrEqual(MAX_READ);
      const kept = dialled.filter((socket) => !socket.destroyed).length;
      expect(kept).toBe(ends === "answered" ? dialled.length : 0);
      // Hangs, and so fails, if a connection were left open.
      if (ends !== "answered") await server.allGone();
    } finally {
      await server.close();
    }
  },
);

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Peers } from "../../core/realtime/index.ts";
import { openPeers } from "../../functions/ws/peers.ts";
import { openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let peers: Peers;
let underWay = 0;
let most = 0;
const taken: string[] = [];

/** `@connections`: what becomes of a message follows from the name of its connection. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  underWay += 1;
  most = Math.max(most, underWay);
  const id = decodeURIComponent(request.url!.split("/").at(-1)!);
  taken.push(`${request.method} ${id}`);
  request.resume();
  if (id.startsWith("hangs")) return;
  await sleep(20);
  underWay -= 1;
  const refusals: Record<string, [number, string]> = {
    gone: [410, "GoneException"],
    busy: [429, "LimitExceededException"],
    broken: [500, "InternalServerError"],
  };
  const [status, error] = refusals[id] ?? [200, undefined];
  if (error) response.setHeader("x-amzn-errortype", error);
  response.writeHead(status).end("{}");
}
const server = createServer((request, response) => void answer(request, response));

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world = await openTestWorld();
  const ARX_REALTIME_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  peers = openPeers({ ...world, config: { ...world.config, ARX_REALTIME_ENDPOINT } });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

test.each([
  ["there=", "sent"],
  ["gone", "gone"],
  ["busy", "failed"],
  ["broken", "failed"],
  ["hangs", "failed"],
])("a message to %s is %s, and is tried once", async (id, posted) => {
  taken.length = 0;
  expect(await peers.post(id, "{}")).toBe(posted);
  expect(taken).toEqual([`POST ${id}`]);
});

test.each(["there=", "gone", "broken"])("closing %s ends without an error", async (id) => {
  taken.length = 0;
  await peers.close(id);
  expect(taken).toEqual([`DELETE ${id}`]);
});

test("R10: of many messages at once all arrive, in few at a time, while some connections hang", async () => {
  underWay = most = 0;
  const hanging = Array.from({ length: 40 }, (_, n) => peers.post(`hangs${n}`, "{}"));
  const posted = await Promise.all(Array.from({ length: 1000 }, (_, n) => peers.post(`c${n}`, "{}")));
  expect(new Set(posted)).toEqual(new Set(["sent"]));
  expect(most).toBeLessThanOrEqual(128);
  expect(new Set(await Promise.all(hanging))).toEqual(new Set(["failed"]));
});

test("without an endpoint there are no peers", () => {
  const { ARX_REALTIME_ENDPOINT: _, ...config } = world.config;
  expect(() => openPeers({ ...world, config })).toThrow("ARX_REALTIME_ENDPOINT");
});

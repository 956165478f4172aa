import { closeSync, openSync, writeSync } from "node:fs";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import type { Position } from "../../core/geo/index.ts";
import { makeRouting } from "../../functions/http/routing.ts";
import { openLog } from "../../functions/log.ts";
import { startDynamoDbLocal } from "../local/dynamodb.ts";
import { seeded } from "./atlas/cities.ts";
import type { Bench, Figure } from "./bench.ts";
import { cellsOf, itemsOf } from "./routing/cells.ts";
import { fleetOf } from "./routing/fleet.ts";
import { citiesOf, jittered, positionOf } from "./routing/places.ts";
import { openBenchWorld, writeCells } from "./routing/world.ts";

const NODES = 1_000;

/** What clients send; all go the whole way, from event to answer. */
const BODIES: readonly { name: string; body: Readonly<Record<string, unknown>> }[] = [
  { name: "position alone", body: {} },
  {
    name: "payload, headers and metadata of 600 bytes, not forwarded",
    body: {
      forward: false,
      payload: { task: "resize", image: "a".repeat(300), sizes: [320, 640, 1280] },
      headers: { "x-tenant": "acme", "x-session": "b".repeat(64) },
      metadata: { app: "shop", version: "4.2.0" },
      client_info: { device: "phone", os: "android 15", id: "c".repeat(36) },
    },
  },
  { name: "requirement, k and strategy", body: { require: { role: "edge", labels: ["gpu"] }, k: 5 } },
];

export const bench: Bench = {
  name: "route-cpu",
  what: "6: CPU of the warm route handler, event in to answer out, the SDK's put left out; logs written to nowhere",
  async run({ full }) {
    const routes = Number(process.env.ARX_BENCH_ROUTES ?? (full ? 20_000 : 3_000));
    const random = seeded(6);
    const cities = citiesOf();
    const database = await startDynamoDbLocal();
    const world = await openBenchWorld(database.endpoint, "cpu", { now: Date.now, random });
    try {
      await writeCells(
        world,
        itemsOf(cellsOf(fleetOf("city-like", NODES, cities, random)), Date.now(), random),
      );
      const { store, puts } = withoutPuts(world);
      const handler = makeRouting(() => ({ ...world, store, log: openLog("routing") }));
      const somewhere = () => jittered(positionOf(cities.draw(random)), 20, random);
      const figures: Figure[] = [];
      for (const { name, body } of BODIES) {
        await cpuPerCall(handler, routes, body, somewhere);
        const before = puts();
        const value = await cpuPerCall(handler, routes, body, somewhere);
        if (puts() - before < routes) throw new Error("A route was answered without being recorded.");
        figures.push({ name, value, unit: "ms/route", bar: { op: "<=", value: 0.3 } });
      }
      return figures;
    } finally {
      world.close();
      await database.stop();
    }
  },
};

/** The same store, whose puts are taken at the SDK's door: what they would cost is the SDK's. */
function withoutPuts({ store }: World): { store: World["store"]; puts: () => number } {
  let puts = 0;
  const send = (command: unknown) => {
    if (!(command instanceof PutCommand)) return store.doc.send(command as never);
    puts++;
    return Promise.resolve({ $metadata: {} });
  };
  const doc = Object.assign(Object.create(store.doc), { send });
  return { store: { ...store, doc }, puts: () => puts };
}

/** Mean CPU in ms, all threads of the process counted, the collection of garbage too. */
async function cpuPerCall(
  handler: ReturnType<typeof makeRouting>,
  calls: number,
  body: object,
  somewhere: () => Position,
): Promise<number> {
  const events = Array.from({ length: calls }, (_, i) =>
    eventOf(JSON.stringify({ request_id: `r-${i}`, coordinates: somewhere(), ...body })),
  );
  const write = process.stdout.write.bind(process.stdout);
  const nowhere = openSync("/dev/null", "w");
  process.stdout.write = (line: string | Uint8Array) => writeSync(nowhere, String(line)) > 0;
  try {
    const began = process.cpuUsage();
    for (const event of events) {
      const { statusCode } = await handler(event, {} as Context);
      if (statusCode !== 200) throw new Error(`A route was answered with ${statusCode}.`);
    }
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000 / calls;
  } finally {
    process.stdout.write = write;
    closeSync(nowhere);
  }
}

/** A request as API Gateway's HTTP API puts it to a function (payload format 2.0). */
function eventOf(body: string): APIGatewayProxyEventV2 {
  const http = { method: "POST", path: "/api/v1/route", protocol: "HTTP/1.1" };
  return {
    version: "2.0",
    routeKey: "POST /api/v1/route",
    rawPath: http.path,
    rawQueryString: "",
    headers: {
      accept: "*/*",
      "content-length": String(body.length),
      "content-type": "application/json",
      host: "api.example.com",
      "user-agent":
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
      "x-amzn-trace-id": "Root=1-67f0c0de-0123456789abcdef01234567",
      "x-forwarded-for": "198.51.100.7",
      "x-forwarded-proto": "https",
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.example.com",
      domainPrefix: "api",
      http: { ...http, sourceIp: "198.51.100.7", userAgent: "Mozilla/5.0" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: "POST /api/v1/route",
      stage: "$default",
      time: "21/Nov/2026:03:00:00 +0000",
      timeEpoch: 1_795_230_000_000,
    },
    body,
    isBase64Encoded: false,
  };
}

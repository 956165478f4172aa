import { randomBytes } from "node:crypto";
import type { Position } from "../../../core/geo/index.ts";
import { makeRouting } from "../../../functions/http/routing.ts";
import { FUNCTIONS, type FunctionName } from "../../../stacks/functions.ts";
import { openStreamsClient } from "../../local/streams.ts";
import { seeded } from "../atlas/cities.ts";
import { benchCredential } from "../credential.ts";
import { anywhere } from "../routing/places.ts";
import { byMeasure, openAccounts, usageOf } from "./accounts.ts";
import { type Ground, openFleet } from "./fleet.ts";
import { CONTEXT, httpEvent } from "./invocations.ts";
import { openOutbox } from "./outbox.ts";
import { SHARDS } from "./tail.ts";
import { sumOf } from "./units.ts";

/** What clients send; the last makes an item of nearly 1 KB that hardly packs. */
export const KINDS = ["plain", "forwarded", "forwarded, of nearly 1 KB"] as const;
export type Kind = (typeof KINDS)[number];

const NODES = 24;
const HOUR_MS = 3_600_000;
/** Random bytes of a payload that make the stored item just less than 1 KB. */
const FILLING = 50;

/** Bodies of routing requests, by one of 200 clients anywhere. */
export function bodyOf(kind: Kind, n: number, at: Position): unknown {
  const plain = { request_id: `r-${n}`, coordinates: at, client_info: { client_id: `client-${n % 200}` } };
  if (kind === "plain") return plain;
  const filled = kind === "forwarded" ? {} : { image: randomBytes(FILLING).toString("base64url") };
  return { ...plain, payload: { task: "resize", width: 320, ...filled } };
}

export interface Writes {
  readonly kind: Kind;
  readonly requests: number;
  readonly perBatch: number;
  /** Write units of all requests together; `hour` of noting, in the listing, an hour that has requests. */
  readonly units: Readonly<Record<"request" | "hour" | "event" | "counting", number>>;
}

/** Seconds that counting gathers a batch for: where each has a batch of its own, requests are at least so far apart. */
const APART_MS = FUNCTIONS["request-rollups"].reading.gatherS * 1000;

/** Routes requests, and has them told of and counted in batches of so many a shard: all by the real handlers, over the real stream. */
export async function countWrites(
  ground: Ground,
  { kind, requests, perBatch }: Pick<Writes, "kind" | "requests" | "perBatch">,
): Promise<Writes> {
  const random = seeded(requests + perBatch);
  const clock = { now: Math.ceil(Date.now() / HOUR_MS) * HOUR_MS };
  const prefix = `writes${randomBytes(4).toString("hex")}`;
  const world = await openFleet(ground, prefix, NODES, { now: () => clock.now, random });
  const accounts = openAccounts(world, byMeasure);
  const streams = openStreamsClient(ground.endpoint);
  try {
    const outbox = await openOutbox(world, accounts, streams, { batchSize: perBatch, gatherS: 3600 });
    const handler = makeRouting(() => accounts.worldOf("routing"));
    const credential = kind === "plain" ? undefined : await benchCredential(world, ["route"]);
    const route = async (n: number) => {
      const asked = bodyOf(kind, n, anywhere(random));
      const event = httpEvent("POST", "/api/v1/route", asked, credential);
      const { statusCode, body } = await accounts.call("routing", () => handler(event, CONTEXT));
      if (statusCode !== 200) throw new Error(`A route was answered with ${statusCode}: ${body}`);
      clock.now += APART_MS / perBatch;
    };
    // Some to warm up; with the fleet's own records, the log then knows as many shards as it does on AWS.
    for (let n = 0; n < 8 * SHARDS; n++) await route(n);
    await outbox.second(clock.now);
    await outbox.flush();
    const begun = accounts.take();
    for (let n = 0; n < requests; n++) await route(n);
    const { requests: recorded } = await outbox.second(clock.now);
    await outbox.flush();
    if (recorded !== requests) throw new Error(`Of ${requests} requests ${recorded} are in the stream.`);
    const used = accounts.take();
    const written = (name: FunctionName, table: string, of = used) => sumOf(usageOf(of, name).written, table);
    return {
      kind,
      requests,
      perBatch,
      units: {
        request: written("routing", "requests"),
        hour: written("routing", "request-hours", begun),
        event: written("request-events", "events"),
        counting: written("request-rollups", "rollups"),
      },
    };
  } finally {
    streams.destroy();
    accounts.close();
    world.close();
  }
}

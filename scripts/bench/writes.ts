import { startDynamoDbLocal } from "../local/dynamodb.ts";
import type { Bench, Figure } from "./bench.ts";
import { countWrites, KINDS, type Writes } from "./cost/requests.ts";
import { startServers } from "./sweep/fleet.ts";

const PORTS = 20;
/** Requests that come in one batch of the stream: one, as when they are rare, or many. */
const LOADS = [
  { perBatch: 1, requests: 100 },
  { perBatch: 100, requests: 1600 },
];

export const bench: Bench = {
  name: "writes",
  what: "5: write units of a routed request of at most 1 KB, its listing and its event included; counting apart",
  async run({ full, log }) {
    const database = await startDynamoDbLocal();
    const servers = await startServers(PORTS);
    try {
      const figures: Figure[] = [];
      for (const { perBatch, requests } of LOADS) {
        for (const kind of KINDS) {
          log(`${kind}, ${perBatch} a batch`);
          const load = { kind, requests: requests * (full && perBatch > 1 ? 10 : 1), perBatch };
          const ground = { endpoint: database.endpoint, ports: servers.ports };
          figures.push(...figuresOf(await countWrites(ground, load)));
        }
      }
      return figures;
    } finally {
      servers.close();
      await database.stop();
    }
  },
};

function figuresOf({ kind, perBatch, requests, units }: Writes): Figure[] {
  const of = `${kind}, ${perBatch} a batch`;
  const { request, hour, event, counting } = units;
  return [
    {
      name: `${of}: the request, which is its own place in the listing`,
      value: request / requests,
      unit: "WRU",
    },
    { name: `${of}: its event`, value: event / requests, unit: "WRU" },
    {
      name: `${of}: both`,
      value: (request + event) / requests,
      unit: "WRU",
      bar: { op: "<=", value: 2 },
    },
    { name: `${of}: beside it, once an hour and router, the hour in the listing`, value: hour, unit: "WRU" },
    { name: `${of}: counting`, value: counting / requests, unit: "WRU" },
  ];
}

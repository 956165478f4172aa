import { once } from "node:events";
import { WebSocket } from "ws";
import { ASKED, type Asked, type Order, type Received } from "./asked.ts";

// The clients of the broadcast bench, in a process of their own: they read what comes, hold it against what they asked for, and count.

interface Told {
  readonly type: string;
  readonly id: string;
  readonly data: { readonly id?: string; readonly geohash?: string };
}

const received = {
  messages: 0,
  events: 0,
  outside: 0,
  repeated: 0,
  largestBytes: 0,
  snapshots: 0,
  closed: 0,
};
const told = new Set<string>();
let places = new Map<string, string>();

function isAskedFor({ types, cells }: Asked, { type, data }: Told): boolean {
  if (types && !types.includes(type)) return false;
  const place = data.geohash ?? places.get(data.id ?? "");
  return !cells || (place !== undefined && cells.some((cell) => place.startsWith(cell)));
}

async function open({ url, authorization }: Order, asked: Asked): Promise<void> {
  const socket = new WebSocket(url, { headers: { authorization }, perMessageDeflate: false });
  await once(socket, "open");
  let last = "";
  const subscribed = new Promise<void>((resolve) => {
    socket.on("message", (bytes: Buffer) => {
      const events = [JSON.parse(bytes.toString())].flat() as Told[];
      if (events[0]!.type === "subscribed") return resolve();
      received.messages += 1;
      received.largestBytes = Math.max(received.largestBytes, bytes.length);
      for (const event of events) {
        if (event.type === "snapshot_required") received.snapshots += 1;
        else {
          received.events += 1;
          if (!isAskedFor(asked, event)) received.outside += 1;
          if (!asked.types && event.type === "node_health_updated") told.add(event.data.id!);
        }
        if (event.id <= last) received.repeated += 1;
        last = event.id;
      }
    });
  });
  socket.on("close", () => {
    received.closed += 1;
  });
  socket.send(JSON.stringify({ action: "subscribe", ...asked }));
  await subscribed;
}

async function openAll(order: Order): Promise<void> {
  places = new Map(order.places);
  for (let start = 0; start < order.connections; start += 20) {
    const count = Math.min(20, order.connections - start);
    await Promise.all(
      Array.from({ length: count }, (_, n) => open(order, ASKED[(start + n) % ASKED.length]!)),
    );
  }
}

process.on("message", (message: Order | "report") => {
  if (message === "report") process.send!({ ...received, nodesTold: told.size } satisfies Received);
  // What fails here is unhandled, and ends the process, which the bench sees.
  else void openAll(message).then(() => process.send!("ready"));
});
process.on("disconnect", () => process.exit(0));

import type { World } from "../../../core/ctx.ts";
import {
  type Broadcaster,
  begin as beginBroadcast,
  forget,
  readOn,
} from "../../../core/realtime/broadcaster.ts";
import type { Peers } from "../../../core/realtime/index.ts";
import { CONNECTIONS } from "../../../core/realtime/items.ts";
import { pass } from "../../../core/realtime/pass.ts";
import { makeTickets } from "../../../functions/http/realtime.ts";
import { makeRealtime } from "../../../functions/ws/realtime.ts";
import { FUNCTIONS, type FunctionName } from "../../../stacks/functions.ts";
import { createTable } from "../../local/tables.ts";
import { benchCredential } from "../credential.ts";
import { type Billing, openAccounts, type Usage } from "./accounts.ts";
import { CONTEXT, httpEvent, socketEvent } from "./invocations.ts";

const PASS_MS = 1000;
/** How long the function broadcasts before it ends by itself; see `functions/streams/broadcast.ts`. */
const AWAKE_MS = FUNCTIONS.broadcast.timeoutS * 1000 - 6000;
const MESSAGE_BYTES = 32 * 1024;

/** Whether entries gather, which costs nothing, until the next pass is due. */
const gathers = FUNCTIONS.broadcast.reading.gatherS * 1000 >= PASS_MS;

/** What some dashboards were sent, and what that used. */
export interface Heard {
  readonly dashboards: number;
  /** Messages to all of them, of up to 32 KB. */
  readonly messages: number;
  readonly bytes: number;
  readonly usage: ReadonlyMap<FunctionName, Usage>;
}

/** Dashboards that listen to everything, and a broadcaster of their own over the log that all audiences share. */
export interface Audience {
  readonly dashboards: number;
  /** Has the broadcaster do what it does in a second in which these entries were appended. */
  second(entries: readonly number[]): Promise<void>;
  /** One ping of each dashboard. */
  ping(): Promise<void>;
  disconnect(): Promise<void>;
  /** What was heard since the last time. */
  take(): Heard;
  close(): void;
}

/** Opens an audience; what connecting used is the first that `take` gives. */
export async function openAudience(base: World, dashboards: number, billing: Billing): Promise<Audience> {
  const table = `${base.config.ARX_TABLE_PREFIX}of${dashboards}-${CONNECTIONS.name}`;
  await createTable(base.store.client, CONNECTIONS, table);
  const store = {
    ...base.store,
    table: (spec: typeof CONNECTIONS) => (spec === CONNECTIONS ? table : base.store.table(spec)),
  };
  const accounts = openAccounts({ ...base, store }, billing);
  const ids = Array.from({ length: dashboards }, (_, n) => `dashboard-${n}`);
  let messages = 0;
  let bytes = 0;
  const peers: Peers = {
    async post(_id, text) {
      messages += Math.ceil(Buffer.byteLength(text) / MESSAGE_BYTES);
      bytes += Buffer.byteLength(text);
      return "sent";
    },
    async close() {},
  };
  const tickets = makeTickets(() => accounts.worldOf("tickets"));
  const realtime = makeRealtime(
    () => accounts.worldOf("realtime"),
    () => peers,
  );
  const socket = async (event: ReturnType<typeof socketEvent>) => {
    const { statusCode } = await accounts.call("realtime", () => realtime(event, CONTEXT));
    if (statusCode !== 200) throw new Error(`A socket's event was answered with ${statusCode}.`);
  };
  // As the client in client/ does: it connects hearing nothing, and then subscribes.
  for (const id of ids) {
    // A key for each: what one holder may ask for in a minute is limited.
    const credential = await benchCredential(accounts.worldOf("tickets"), ["events:read"]);
    const asked = httpEvent("POST", "/api/v1/ws-tickets", undefined, credential);
    const { statusCode, body } = await accounts.call("tickets", () => tickets(asked, CONTEXT));
    if (statusCode !== 201) throw new Error(`A ticket was answered with ${statusCode}: ${body}`);
    const { ticket } = JSON.parse(body!) as { ticket: string };
    const query = { channel: "admin", ticket, subscribe: "manual" };
    await socket(socketEvent("$connect", id, { queryStringParameters: query }));
    await socket(socketEvent("$default", id, { body: JSON.stringify({ action: "subscribe" }) }));
  }

  const world = accounts.worldOf("broadcast");
  let broadcaster: Broadcaster | undefined;
  /** Entries whose records wait for the function. */
  let waiting: number[] = [];
  /** The call that goes on: the last entry that it was woken by, and since when. */
  let call: { readonly last: number; readonly since: number } | undefined;
  let passedAt = Number.NEGATIVE_INFINITY;

  function begin(records: number): void {
    const batch = waiting.splice(0, Math.min(records, FUNCTIONS.broadcast.reading.batchSize));
    call = { last: batch.at(-1)!, since: world.now() };
    accounts.bill("broadcast", 1, 0);
  }

  /** One turn of the loop of `Realtime.broadcast`, which sleeps until a second after the last pass; here that is the bench's clock. */
  async function turn(first: number): Promise<{ isDone: boolean; ms: number }> {
    const { answer, ms } = await accounts.run("broadcast", async () => {
      broadcaster ??= await beginBroadcast(world, first);
      await readOn(world, broadcaster);
      const isDone = await pass(world, peers, broadcaster, PASS_MS);
      forget(broadcaster, world.now());
      return isDone;
    });
    return { isDone: answer, ms };
  }

  return {
    dashboards,
    async second(entries) {
      const now = world.now();
      waiting.push(...entries);
      // Asleep, the first entry wakes it; then it waits out the rest of the second after its last pass. Awake, it waits all of it.
      const isFresh = call === undefined;
      if (isFresh) {
        if (waiting.length === 0) return;
        begin(gathers ? waiting.length : 1);
      }
      const { last, since } = call!;
      const slept = isFresh ? (entries.length / (entries.length + 1)) * PASS_MS : PASS_MS;
      const hasGathered = isFresh && gathers;
      if (now - passedAt < 2 * PASS_MS && !hasGathered) accounts.bill("broadcast", 0, slept);
      const { isDone, ms } = await turn(last);
      accounts.bill("broadcast", 0, ms);
      passedAt = now;
      const isWokenAgain = broadcaster!.head.seq > last;
      if (!isDone && !isWokenAgain && now + PASS_MS <= since + AWAKE_MS) return;
      call = undefined;
      if (waiting.length > 0 && !gathers) begin(waiting.length);
    },
    async ping() {
      for (const id of ids) await socket(socketEvent("$default", id, { body: '{"action":"ping"}' }));
    },
    async disconnect() {
      for (const id of ids) await socket(socketEvent("$disconnect", id));
    },
    take() {
      const heard = { dashboards, messages, bytes, usage: accounts.take() };
      messages = bytes = 0;
      return heard;
    },
    close: () => accounts.close(),
  };
}

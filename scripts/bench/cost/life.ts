import type { World } from "../../../core/ctx.ts";
import type { SweepOrder } from "../../../core/watching/index.ts";
import { makeRouting } from "../../../functions/http/routing.ts";
import { makeDispatch } from "../../../functions/jobs/dispatch.ts";
import { makeHealth } from "../../../functions/queues/health.ts";
import type { openStreamsClient } from "../../local/streams.ts";
import { anywhere } from "../routing/places.ts";
import type { Accounts } from "./accounts.ts";
import { CONTEXT, httpEvent, queueEvent } from "./invocations.ts";
import { endOfLog, openOutbox } from "./outbox.ts";
import { bodyOf } from "./requests.ts";

/** Dispatch comes each minute. */
const DISPATCH_S = 60;

/** What came in a second. */
export interface Second {
  readonly routes: number;
  readonly orders: number;
  /** The numbers of the entries that came into the log, and how many of them tell of routes. */
  readonly entries: readonly number[];
  readonly ofRoutes: number;
}

/** Everything but dashboards: dispatch, sweeps, routes, and what follows the streams. */
export async function beginLife(
  world: World,
  accounts: Accounts,
  streams: ReturnType<typeof openStreamsClient>,
  clock: { now: number },
  { nodes, routesPerSecond }: { readonly nodes: number; readonly routesPerSecond: number },
): Promise<{ second(at: number): Promise<Second>; flush(): Promise<void> }> {
  const routing = makeRouting(() => accounts.worldOf("routing"));
  let probed = 0;
  const worker = makeHealth(
    () => accounts.worldOf("health-worker"),
    (reports) => {
      for (const report of reports) probed += report.probed;
    },
  );
  let queued: { readonly order: SweepOrder; readonly at: number }[] = [];
  const queue = {
    send: async (orders: readonly SweepOrder[], delayS: number) => {
      queued.push(...orders.map((order) => ({ order, at: clock.now + delayS * 1000 })));
    },
  };
  const dispatch = makeDispatch(
    () => accounts.worldOf("dispatch"),
    () => queue,
    DISPATCH_S,
  );
  const outbox = await openOutbox(world, accounts, streams);
  let end = await endOfLog(world);
  let routed = 0;

  async function sweep(): Promise<number> {
    if (clock.now % (DISPATCH_S * 1000) === 0) await accounts.call("dispatch", dispatch);
    const due = queued.filter(({ at }) => at <= clock.now);
    queued = queued.filter(({ at }) => at > clock.now);
    probed = 0;
    for (const { order } of due) {
      const { batchItemFailures } = await accounts.call("health-worker", () => worker(queueEvent(order)));
      if (batchItemFailures.length > 0) throw new Error("An order failed.");
    }
    if (due.length > 0 && probed !== nodes) throw new Error(`Of ${nodes} nodes ${probed} were probed.`);
    return due.length;
  }

  async function route(): Promise<void> {
    const event = httpEvent("POST", "/api/v1/route", bodyOf("plain", routed++, anywhere(world.random)));
    const { statusCode, body } = await accounts.call("routing", () => routing(event, CONTEXT));
    if (statusCode !== 200) throw new Error(`A route was answered with ${statusCode}: ${body}`);
  }

  return {
    async second(at) {
      clock.now = at;
      const orders = await sweep();
      for (let n = 0; n < routesPerSecond; n++) {
        clock.now = at + Math.floor((n * 1000) / routesPerSecond);
        await route();
      }
      clock.now = at + 999;
      const { requests, others } = await outbox.second(clock.now);
      if (requests !== routesPerSecond)
        throw new Error(`Of ${routesPerSecond} requests ${requests} were streamed.`);
      const before = end;
      end = await endOfLog(world);
      const entries = Array.from({ length: end - before }, (_, i) => before + 1 + i);
      return { routes: routesPerSecond, orders, entries, ofRoutes: entries.length - others };
    },
    flush: () => outbox.flush(),
  };
}

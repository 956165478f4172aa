import type { Domain } from "../../contract/index.ts";
import type { World } from "../../core/ctx.ts";
import type { SweepQueue } from "../../core/watching/index.ts";
import type { DeliveryQueue, PutOff } from "../../core/webhooks/index.ts";
import { makeAnalytics } from "../../functions/http/analytics.ts";
import { makeAudit } from "../../functions/http/audit.ts";
import { makeAuth } from "../../functions/http/auth.ts";
import type { HttpHandler } from "../../functions/http/chain.ts";
import { makeDiscovery } from "../../functions/http/discovery.ts";
import { makeNodes } from "../../functions/http/nodes.ts";
import { makeTickets } from "../../functions/http/realtime.ts";
import { makeRequests } from "../../functions/http/requests.ts";
import { makeRouting } from "../../functions/http/routing.ts";
import { makeService } from "../../functions/http/service.ts";
import { makeWebhooks } from "../../functions/http/webhooks.ts";
import { makeDispatch } from "../../functions/jobs/dispatch.ts";
import { makeFoldRollups } from "../../functions/jobs/fold-rollups.ts";
import { makeRebuildCells } from "../../functions/jobs/rebuild-cells.ts";
import { makeHealth } from "../../functions/queues/health.ts";
import { makeWebhookDeliveries } from "../../functions/queues/webhook-deliveries.ts";
import { makeBroadcast } from "../../functions/streams/broadcast.ts";
import { makeCellEvents } from "../../functions/streams/cell-events.ts";
import { makeKeyEnds } from "../../functions/streams/key-ends.ts";
import { makeNodeEvents } from "../../functions/streams/node-events.ts";
import { makeNodesStream } from "../../functions/streams/nodes.ts";
import { makeRequestEvents } from "../../functions/streams/request-events.ts";
import { makeRollups } from "../../functions/streams/rollups.ts";
import { makeSessionEnds } from "../../functions/streams/session-ends.ts";
import { makeWebhookEvents } from "../../functions/streams/webhook-events.ts";
import { openPeers } from "../../functions/ws/peers.ts";
import { makeRealtime } from "../../functions/ws/realtime.ts";
import { type FUNCTIONS, HTTP_FUNCTIONS } from "../../stacks/functions.ts";
import type { FunctionHandlers } from "./gateway.ts";
import type { QueueHandler } from "./queue.ts";
import type { ScheduleHandler } from "./schedule.ts";
import type { SocketHandler } from "./socket-function.ts";
import type { StreamHandler } from "./streams.ts";

interface HandlerOf {
  readonly http: HttpHandler;
  readonly queue: QueueHandler;
  readonly schedule: ScheduleHandler;
  readonly socket: SocketHandler;
  readonly stream: StreamHandler;
}

/** A handler for every function that the stacks deploy, of the kind that they call it as: one too many or too few does not compile. */
export type LocalFunctions = {
  readonly [Name in keyof typeof FUNCTIONS]: HandlerOf[(typeof FUNCTIONS)[Name]["kind"]];
};

/** The queues that functions send to, and put messages of off. */
export interface FunctionQueues {
  readonly health: SweepQueue;
  readonly webhooks: DeliveryQueue & { readonly putOff: PutOff };
}

/** The functions of the stacks in this process, each with a world of its own, as in a Lambda of its own. */
export function openFunctions(worldOf: (name: string) => World, queues: FunctionQueues): LocalFunctions {
  const { config } = worldOf("local");
  const healthQueue = () => queues.health;
  return {
    routing: makeRouting(() => worldOf("routing")),
    nodes: makeNodes(() => worldOf("nodes")),
    discovery: makeDiscovery(() => worldOf("discovery")),
    requests: makeRequests(() => worldOf("requests")),
    service: makeService(() => worldOf("service")),
    dispatch: makeDispatch(() => worldOf("dispatch"), healthQueue, config.HEALTH_CHECK_INTERVAL),
    "health-worker": makeHealth(
      () => worldOf("health-worker"),
      () => {},
    ),
    "node-changes": makeNodesStream(() => worldOf("node-changes"), healthQueue),
    "request-rollups": makeRollups(() => worldOf("request-rollups")),
    "node-events": makeNodeEvents(() => worldOf("node-events")),
    "cell-events": makeCellEvents(() => worldOf("cell-events")),
    "request-events": makeRequestEvents(() => worldOf("request-events")),
    "fold-rollups": makeFoldRollups(() => worldOf("fold-rollups")),
    analytics: makeAnalytics(() => worldOf("analytics")),
    tickets: makeTickets(() => worldOf("tickets")),
    auth: makeAuth(() => worldOf("auth")),
    audit: makeAudit(() => worldOf("audit")),
    realtime: makeRealtime(() => worldOf("realtime"), openPeers),
    broadcast: makeBroadcast(() => worldOf("broadcast"), openPeers),
    webhooks: makeWebhooks(() => worldOf("webhooks")),
    "webhook-events": makeWebhookEvents(
      () => worldOf("webhook-events"),
      () => queues.webhooks,
    ),
    "webhook-deliveries": makeWebhookDeliveries(
      () => worldOf("webhook-deliveries"),
      () => queues.webhooks.putOff,
    ),
    "session-ends": makeSessionEnds(() => worldOf("session-ends"), openPeers),
    "key-ends": makeKeyEnds(() => worldOf("key-ends"), openPeers),
    "rebuild-cells": makeRebuildCells(() => worldOf("rebuild-cells")),
  };
}

/** Those behind HTTP, by the domain whose endpoints they answer. */
export function httpFunctions(functions: LocalFunctions): FunctionHandlers {
  const byDomain = Object.entries(HTTP_FUNCTIONS).map(([domain, name]) => [domain, functions[name]]);
  return Object.fromEntries(byDomain) as Record<Domain, HttpHandler>;
}

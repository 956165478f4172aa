import { dependsOn, type StackContext, use } from "sst/constructs";
import { streamed } from "./changes.ts";
import { lambda } from "./lambda.ts";
import { emptiedBy, letSend, workQueue } from "./queues.ts";
import { letPush, Realtime } from "./realtime.ts";
import { Storage } from "./storage.ts";

/** Events: what changes is appended to one log, and the log is told to sockets and to webhooks. */
export function Events(context: StackContext): void {
  dependsOn(Storage);
  outbox(context);
  const { endpoint, stage } = use(Realtime);
  const broadcast = streamed(context, "broadcast", {
    environment: { ARX_REALTIME_ENDPOINT: endpoint },
    late: "Sockets get events more than a minute late: look at the function broadcast and API Gateway's quota.",
    only: "INSERT",
    failed: "Broadcast was woken in vain for so long that it was given up; clients resume from the log.",
  });
  letPush(stage, "broadcast", broadcast);
  ends(context);
  webhooks(context);
}

/** What takes sockets away when the session or key that opened them ends. Refreshes and uses change these items all the time. */
function ends(context: StackContext): void {
  const { endpoint, stage } = use(Realtime);
  const environment = { ARX_REALTIME_ENDPOINT: endpoint };
  for (const [name, what] of [
    ["session-ends", "session"],
    ["key-ends", "key"],
  ] as const) {
    const made = streamed(context, name, {
      environment,
      only: "REMOVE",
      late: `Sockets stay open for more than a minute after their ${what} ended.`,
      failed: `Sockets of a ${what} that ended could not be closed: they end within two hours of their opening.`,
    });
    letPush(stage, name, made);
  }
}

function outbox(context: StackContext): void {
  streamed(context, "node-events", {
    late: "Events of nodes are logged more than a minute late: subscribers see an old fleet.",
    failed: "Events of nodes could not be logged: subscribers missed them until they read a snapshot.",
  });
  streamed(context, "cell-events", {
    late: "What sweeps saw is logged more than a minute late: health and load on dashboards are old.",
    failed: "Cells could not be logged: their nodes' health and load come with the next sweep.",
  });
  streamed(context, "request-events", {
    late: "Events of routed requests are logged more than a minute late.",
    failed:
      "Events of routed requests could not be logged; the requests themselves are on record and counted.",
  });
}

function webhooks(context: StackContext): void {
  const queue = workQueue(context, "webhooks", {
    failed: "Webhook deliveries were given up after their last try; the dead-letter queue holds them.",
    late: "Webhook deliveries are due and wait: receivers are slow, or the workers too few.",
    behind: { waiting: 1000 },
  });
  const environment = { ARX_WEBHOOKS_QUEUE_URL: queue.queueUrl };
  const events = streamed(context, "webhook-events", {
    environment,
    only: "INSERT",
    late: "Webhooks are told of events more than a minute late.",
    failed: "Events were not handed on to webhooks; the queue names the objects that hold them.",
  });
  const deliveries = lambda(context, "webhook-deliveries", { environment });
  emptiedBy(queue, "webhooks", deliveries);
  letSend(queue, "webhooks", { "webhook-events": events, "webhook-deliveries": deliveries });
}

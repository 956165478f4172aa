import { dependsOn, type StackContext, use } from "sst/constructs";
import { streamed } from "./changes.ts";
import { letPush, Realtime } from "./realtime.ts";
import { Storage } from "./storage.ts";

/** Events: what changes is appended to one log, and the log is told to sockets. */
export function Events(context: StackContext): void {
  dependsOn(Storage);
  outbox(context);
  const { endpoint, stage } = use(Realtime);
  const broadcast = streamed(context, "broadcast", {
    environment: { ARX_REALTIME_ENDPOINT: endpoint },
    late: "Sockets get events more than a minute late: look at the function broadcast and API Gateway's quota.",
    isOfInserts: true,
    failed: "Broadcast was woken in vain for so long that it was given up; clients resume from the log.",
  });
  letPush(stage, "broadcast", broadcast);
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

import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Duration } from "aws-cdk-lib/core";
import { dependsOn, type Function as SstFunction, type StackContext } from "sst/constructs";
import { alarm, FIVE_MINUTES, ONE_MINUTE } from "./alarms.ts";
import { streamed } from "./changes.ts";
import { FUNCTIONS, type FunctionName } from "./functions.ts";
import { lambda } from "./lambda.ts";
import { logicalName } from "./naming.ts";
import { emptiedBy, letSend, workQueue } from "./queues.ts";
import { Storage } from "./storage.ts";

/** Watching: each minute the cells to sweep are put on a queue, workers empty it, and what changed on a node reaches its cell. */
export function Health(context: StackContext): void {
  const { stack } = context;
  dependsOn(Storage);
  const queue = workQueue(context, "health", {
    failed: "Sweep orders failed for good; the dead-letter queue holds them.",
    late: "Sweeps are minutes behind: the workers can't keep up; raise their concurrency.",
    behind: { ageS: 180 },
  });
  const environment = { ARX_HEALTH_QUEUE_URL: queue.queueUrl };

  const dispatch = lambda(context, "dispatch", { environment });
  every(context, "dispatch", dispatch);
  alarm(stack, "DispatchSilent", {
    metric: dispatch.metricInvocations({ period: FIVE_MINUTES, statistic: "Sum" }),
    threshold: 1,
    below: true,
    description: "Nobody dispatches sweeps: no node is watched. Look at the rule and the function dispatch.",
  });

  const worker = lambda(context, "health-worker", { environment });
  emptiedBy(queue, "health", worker);

  const changes = streamed(context, "node-changes", {
    environment,
    late: "Changes of nodes reach their cells more than a minute late.",
    failed: "Changes of nodes failed for good; the queue names the objects that hold them.",
  });

  const rebuild = lambda(context, "rebuild-cells");
  every(context, "rebuild-cells", rebuild);

  letSend(queue, "health", { dispatch, "health-worker": worker, "node-changes": changes });
  alarm(stack, "FleetProtection", {
    metric: new Metric({
      namespace: "Arx",
      metricName: "FleetProtection",
      dimensionsMap: { service: "health" },
      period: ONE_MINUTE,
      statistic: "Maximum",
    }),
    threshold: 1,
    description:
      "Most of the fleet looks dead at once: Arx stopped evicting and routes to the last known good.",
  });
  stack.addOutputs({ RebuildCellsFunction: rebuild.functionName });
}

/** Calls a function on its schedule. A call that could not be made within the interval is dropped: the next one does its work. */
export function every({ stack }: StackContext, name: FunctionName, target: SstFunction): void {
  const spec = FUNCTIONS[name];
  if (spec.kind !== "schedule") throw new Error(`${name} has no schedule.`);
  const interval = Duration.minutes(spec.everyMinutes);
  const patience = Duration.minutes(Math.min(spec.everyMinutes, 60));
  new Rule(stack, `${logicalName(name)}Schedule`, {
    description: `Calls ${name}`,
    // Every minute is on the minute, as its windows are; a rate would drift over their edges.
    schedule: spec.everyMinutes === 1 ? Schedule.cron({ minute: "*" }) : Schedule.rate(interval),
    targets: [
      new LambdaFunction(target, {
        retryAttempts: 1,
        maxEventAge: patience,
      }),
    ],
  });
  target.configureAsyncInvoke({ retryAttempts: 1, maxEventAge: patience });
}

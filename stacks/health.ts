import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Duration } from "aws-cdk-lib/core";
import { dependsOn, type Function as SstFunction, type StackContext } from "sst/constructs";
import { alarm, FIVE_MINUTES, ONE_MINUTE } from "./alarms.ts";
import { streamed } from "./changes.ts";
import { FUNCTIONS, type FunctionName, QUEUES } from "./functions.ts";
import { GRANTS } from "./grants.ts";
import { lambda } from "./lambda.ts";
import { logicalName } from "./naming.ts";
import { Storage } from "./storage.ts";

/** Watching: each minute the cells to sweep are put on a queue, workers empty it, and what changed on a node reaches its cell. */
export function Health(context: StackContext): void {
  const { stack } = context;
  dependsOn(Storage);
  const queue = healthQueue(context);
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
  const { batchSize, maxConcurrency } = QUEUES.health;
  worker.addEventSource(
    new SqsEventSource(queue, { batchSize, maxConcurrency, reportBatchItemFailures: true }),
  );

  const changes = streamed(context, "node-changes", {
    environment,
    late: "Changes of nodes reach their cells more than a minute late.",
    failed: "Changes of nodes failed for good; the queue names the objects that hold them.",
  });

  const rebuild = lambda(context, "rebuild-cells");
  every(context, "rebuild-cells", rebuild);

  const made = { dispatch, "health-worker": worker, "node-changes": changes, "rebuild-cells": rebuild };
  for (const [name, sender] of Object.entries(made)) {
    if (GRANTS[name as FunctionName].sends?.includes("health")) maySend(queue, sender);
  }
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
  stack.addOutputs({ RebuildCellsFunction: rebuild.functionName, HealthQueueUrl: queue.queueUrl });
}

/** Sending alone; CDK's own grant lets a sender read the queue's attributes too. */
function maySend(queue: Queue, sender: SstFunction): void {
  sender.addToRolePolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queue.queueArn] }));
}

function healthQueue({ stack }: StackContext): Queue {
  const { visibilityS, retentionS, maxReceives } = QUEUES.health;
  const dead = new Queue(stack, "HealthDeadLetters", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  const queue = new Queue(stack, "HealthQueue", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(visibilityS),
    retentionPeriod: Duration.seconds(retentionS),
    deadLetterQueue: { queue: dead, maxReceiveCount: maxReceives },
  });
  alarm(stack, "HealthDeadLetters", {
    metric: dead.metricApproximateNumberOfMessagesVisible({ period: ONE_MINUTE, statistic: "Maximum" }),
    threshold: 1,
    description: "Sweep orders failed for good; the dead-letter queue holds them.",
  });
  alarm(stack, "HealthQueueAge", {
    metric: queue.metricApproximateAgeOfOldestMessage({ period: ONE_MINUTE, statistic: "Maximum" }),
    threshold: 180,
    periods: 3,
    description: "Sweeps are minutes behind: the workers can't keep up; raise their concurrency.",
  });
  stack.addOutputs({ HealthDeadLetterQueueUrl: dead.queueUrl });
  return queue;
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

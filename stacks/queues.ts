import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Duration } from "aws-cdk-lib/core";
import type { Function as SstFunction, StackContext } from "sst/constructs";
import { alarm, ONE_MINUTE } from "./alarms.ts";
import { type FunctionName, QUEUES } from "./functions.ts";
import { GRANTS } from "./grants.ts";
import { logicalName } from "./naming.ts";

type QueueName = keyof typeof QUEUES;

/** What a queue's alarms say, and when it counts as behind. */
interface Watched {
  /** Of messages that were given up. */
  readonly failed: string;
  /** Of messages that are not got through. */
  readonly late: string;
  /** By the age of the oldest one; where messages are put off on purpose, by how many are due and wait. */
  readonly behind: { readonly ageS: number } | { readonly waiting: number };
}

/** A queue as `QUEUES` has it, with its dead-letter queue and the alarms of both. */
export function workQueue({ stack }: StackContext, name: QueueName, watched: Watched): Queue {
  const { visibilityS, retentionS, maxReceives } = QUEUES[name];
  const id = logicalName(name);
  const dead = new Queue(stack, `${id}DeadLetters`, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  const queue = new Queue(stack, `${id}Queue`, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(visibilityS),
    retentionPeriod: Duration.seconds(retentionS),
    deadLetterQueue: { queue: dead, maxReceiveCount: maxReceives },
  });
  const each = { period: ONE_MINUTE, statistic: "Maximum" };
  alarm(stack, `${id}DeadLetters`, {
    metric: dead.metricApproximateNumberOfMessagesVisible(each),
    threshold: 1,
    description: watched.failed,
  });
  const { behind, late } = watched;
  if ("ageS" in behind) {
    const metric = queue.metricApproximateAgeOfOldestMessage(each);
    alarm(stack, `${id}QueueAge`, { metric, threshold: behind.ageS, periods: 3, description: late });
  } else {
    const metric = queue.metricApproximateNumberOfMessagesVisible(each);
    alarm(stack, `${id}QueueBacklog`, { metric, threshold: behind.waiting, periods: 3, description: late });
  }
  stack.addOutputs({ [`${id}QueueUrl`]: queue.queueUrl, [`${id}DeadLetterQueueUrl`]: dead.queueUrl });
  return queue;
}

/** Has a function empty a queue. The trigger's own permission lets it receive, delete and put off messages there. */
export function emptiedBy(queue: Queue, name: QueueName, worker: SstFunction): void {
  const { batchSize, maxConcurrency } = QUEUES[name];
  worker.addEventSource(
    new SqsEventSource(queue, { batchSize, maxConcurrency, reportBatchItemFailures: true }),
  );
}

/** Lets those send to a queue whose grants say so: sending alone, where CDK's own grant lets them read its attributes too. */
export function letSend(
  queue: Queue,
  name: QueueName,
  functions: Partial<Readonly<Record<FunctionName, SstFunction>>>,
): void {
  for (const [sender, made] of Object.entries(functions)) {
    if (!GRANTS[sender as FunctionName].sends?.includes(name)) continue;
    made.addToRolePolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queue.queueArn] }));
  }
}

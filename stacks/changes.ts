import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { EventField, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { FilterCriteria, FilterRule, type IEventSourceDlq, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Duration, RemovalPolicy } from "aws-cdk-lib/core";
import { type Function as SstFunction, type StackContext, use } from "sst/constructs";
import { alarm, ONE_MINUTE } from "./alarms.ts";
import { FUNCTIONS, type FunctionName, type FunctionSpec, STREAM } from "./functions.ts";
import { lambda } from "./lambda.ts";
import { except } from "./nag.ts";
import { isProduction, logicalName } from "./naming.ts";
import { Storage } from "./storage.ts";

interface Streamed {
  readonly environment?: Record<string, string>;
  /** What the alarms say of records that come late, and of those that failed for good. */
  readonly late: string;
  readonly failed: string;
  /** Whether it is called for new items alone, or for those that go. */
  readonly only?: "INSERT" | "REMOVE";
}

/** A function that is called by its table's stream. */
export function streamed(context: StackContext, name: FunctionName, words: Streamed): SstFunction {
  const { stack } = context;
  const spec: FunctionSpec = FUNCTIONS[name];
  if (spec.kind !== "stream") throw new Error(`${name} has no stream.`);
  const reading = { ...STREAM, ...spec.reading };
  const made = lambda(context, name, words.environment ? { environment: words.environment } : {});
  // Cast as elsewhere in stacks/: CDK's interfaces were not written for exactOptionalPropertyTypes.
  const table = use(Storage).tables.get(spec.table) as ITable;
  made.addEventSource(
    new DynamoEventSource(table, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: reading.batchSize,
      bisectBatchOnError: true,
      retryAttempts: reading.retries,
      maxRecordAge: Duration.seconds(reading.maxAgeS),
      ...(reading.gatherS ? { maxBatchingWindow: Duration.seconds(reading.gatherS) } : {}),
      ...(reading.windowS ? { tumblingWindow: Duration.seconds(reading.windowS) } : {}),
      ...(words.only
        ? { filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual(words.only) })] }
        : {}),
      reportBatchItemFailures: true,
      onFailure: failedChanges(context, logicalName(name), words.failed),
    }),
  );
  except(made.role!, "IAM5", "X-Ray and dynamodb:ListStreams know no single resource.", ["Resource::*"]);
  alarm(stack, `${logicalName(name)}Age`, {
    metric: made.metric("IteratorAge", { period: ONE_MINUTE, statistic: "Maximum" }),
    threshold: 60_000 + (reading.gatherS ?? 0) * 1000,
    periods: 3,
    description: words.late,
  });
  return made;
}

/**
 * Where records go that failed for good: to a bucket, for a queue would be told their place in the stream alone, which forgets them within
 * a day. The queue is told of each object: what is in it is what nobody has seen to.
 */
function failedChanges({ stack, app }: StackContext, id: string, said: string): IEventSourceDlq {
  const dead = new Queue(stack, `${id}DeadLetters`, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  const bucket = new Bucket(stack, `Failed${id}`, {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(30) }],
    removalPolicy: isProduction(app) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  // Through EventBridge: S3's own notifications begin with a test message, which would be a failure that never was. And on the bucket
  // itself, for CDK's way brings a function with it that may change every bucket.
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  const object = {
    bucket: EventField.fromPath("$.detail.bucket.name"),
    key: EventField.fromPath("$.detail.object.key"),
  };
  new Rule(stack, `Failed${id}Rule`, {
    description: `Tells of what ${id} put aside`,
    eventPattern: {
      source: ["aws.s3"],
      detailType: ["Object Created"],
      detail: { bucket: { name: [bucket.bucketName] } },
    },
    targets: [new SqsQueue(dead, { message: RuleTargetInput.fromObject(object) })],
  });
  alarm(stack, `${id}DeadLetters`, {
    metric: dead.metricApproximateNumberOfMessagesVisible({ period: ONE_MINUTE, statistic: "Maximum" }),
    threshold: 1,
    description: said,
  });
  stack.addOutputs({ [`Failed${id}Bucket`]: bucket.bucketName, [`Failed${id}QueueUrl`]: dead.queueUrl });
  except(dead, "SQS3", "It is where failed changes end: it is told of each.");
  except(
    bucket,
    "S1",
    "Only Lambda writes to it, and what is in it goes after 30 days; its logs would outweigh it.",
  );
  return {
    bind(_mapping, target) {
      // Lambda chooses the rest of the name: mapping, shard, day.
      const objects = bucket.arnForObjects("aws/lambda/*");
      target.addToRolePolicy(new PolicyStatement({ actions: ["s3:PutObject"], resources: [objects] }));
      except(target.role!, "IAM5", "Failed records are objects of that prefix, named by Lambda.", [
        `Resource::<${stack.getLogicalId(bucket.node.defaultChild as CfnBucket)}.Arn>/aws/lambda/*`,
      ]);
      target.addToRolePolicy(
        new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }),
      );
      return { destination: bucket.bucketArn };
    },
  };
}

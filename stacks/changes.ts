import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IEventSourceDlq, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Duration, RemovalPolicy } from "aws-cdk-lib/core";
import { type Function as SstFunction, type StackContext, use } from "sst/constructs";
import { alarm, ONE_MINUTE } from "./alarms.ts";
import { FUNCTIONS, STREAM } from "./functions.ts";
import { lambda } from "./lambda.ts";
import { except } from "./nag.ts";
import { isProduction } from "./naming.ts";
import { Storage } from "./storage.ts";

/** The function that carries changes of nodes into their cells, called by the table's stream. */
export function nodeChanges(context: StackContext, environment: Record<string, string>): SstFunction {
  const { stack } = context;
  const changes = lambda(context, "node-changes", { environment });
  // Cast as elsewhere in stacks/: CDK's interfaces were not written for exactOptionalPropertyTypes.
  const table = use(Storage).tables.get(FUNCTIONS["node-changes"].table) as ITable;
  changes.addEventSource(
    new DynamoEventSource(table, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: STREAM.batchSize,
      bisectBatchOnError: true,
      retryAttempts: STREAM.retries,
      maxRecordAge: Duration.seconds(STREAM.maxAgeS),
      reportBatchItemFailures: true,
      onFailure: failedChanges(context),
    }),
  );
  except(changes.role!, "IAM5", "X-Ray and dynamodb:ListStreams know no single resource.", ["Resource::*"]);
  alarm(stack, "NodeChangesAge", {
    metric: changes.metric("IteratorAge", { period: ONE_MINUTE, statistic: "Maximum" }),
    threshold: 60_000,
    periods: 3,
    description: "Changes of nodes reach their cells more than a minute late.",
  });
  return changes;
}

/**
 * Where records go that failed for good: to a bucket, for a queue would be told their place in the stream alone, which forgets them within
 * a day. The bucket tells the queue of each, so that there is one place to count and redrive from.
 */
function failedChanges({ stack, app }: StackContext): IEventSourceDlq {
  const dead = new Queue(stack, "NodeChangesDeadLetters", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  const bucket = new Bucket(stack, "FailedNodeChanges", {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(30) }],
    removalPolicy: isProduction(app) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  dead.addToResourcePolicy(
    new PolicyStatement({
      actions: ["sqs:SendMessage"],
      principals: [new ServicePrincipal("s3.amazonaws.com")],
      resources: [dead.queueArn],
      conditions: { StringEquals: { "aws:SourceAccount": stack.account } },
    }),
  );
  // On the bucket itself: CDK's own notifications would bring a function with them that may change every bucket.
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    queueConfigurations: [{ event: "s3:ObjectCreated:*", queue: dead.queueArn }],
  };
  bucket.node.addDependency(dead);
  alarm(stack, "NodeChangesDeadLetters", {
    metric: dead.metricApproximateNumberOfMessagesVisible({ period: ONE_MINUTE, statistic: "Maximum" }),
    threshold: 1,
    description: "Changes of nodes failed for good; the queue names the objects that hold them.",
  });
  stack.addOutputs({ FailedNodeChangesBucket: bucket.bucketName });
  except(dead, "SQS3", "It is where failed changes end: the bucket tells it of each.");
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

import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Duration, RemovalPolicy } from "aws-cdk-lib/core";
import { type Stack, type StackContext, use } from "sst/constructs";
import { readSettings } from "./settings.ts";

/** The topic that every alarm tells. CloudWatch can't use the account's own SNS key, so the topic has one that lets it. */
export function Alarms({ stack }: StackContext): { readonly topic: Topic } {
  const key = new Key(stack, "AlarmKey", {
    description: "Encrypts the alarms of Arx",
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  key.grantEncryptDecrypt(new ServicePrincipal("cloudwatch.amazonaws.com"));
  const topic = new Topic(stack, "AlarmTopic", { masterKey: key, enforceSSL: true });
  const { alarmEmail } = readSettings(process.env);
  if (alarmEmail) topic.addSubscription(new EmailSubscription(alarmEmail));
  stack.addOutputs({ AlarmTopicArn: topic.topicArn });
  return { topic };
}

interface Rule {
  readonly metric: IMetric;
  /** Alarms when the metric is at or above it; with `below`, when it is under it. */
  readonly threshold: number;
  readonly below?: boolean;
  /** Periods in a row; 1 unless said. */
  readonly periods?: number;
  /** What it means, and what to look at. */
  readonly description: string;
}

/** An alarm in the stack of what it watches, so that neither holds the other fast. */
export function alarm(stack: Stack, id: string, rule: Rule): void {
  const action = new SnsAction(use(Alarms).topic);
  const made = new Alarm(stack, `${id}Alarm`, {
    metric: rule.metric,
    threshold: rule.threshold,
    evaluationPeriods: rule.periods ?? 1,
    comparisonOperator: rule.below
      ? ComparisonOperator.LESS_THAN_THRESHOLD
      : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: rule.below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    alarmDescription: rule.description,
  });
  made.addAlarmAction(action);
  made.addOkAction(action);
}

export const ONE_MINUTE = Duration.minutes(1);
export const FIVE_MINUTES = Duration.minutes(5);

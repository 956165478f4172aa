import { describe, expect, it } from "vitest";
import { TABLES } from "../../core/tables.ts";
import { FUNCTIONS, type FunctionName, QUEUES } from "../../stacks/functions.ts";
import { type Both, lambdaOf } from "./lookup.ts";
import type { Resource } from "./synth.ts";
import { at, text } from "./template.ts";

const NAMES = Object.keys(FUNCTIONS) as FunctionName[];

function dlqOf(queue: Resource): string {
  return text(at(queue, "RedrivePolicy", "deadLetterTargetArn"));
}

/** What feeds functions, and where that ends which they can not do. */
export function triggers(both: Both): void {
  describe("queues, schedules and streams", () => {
    it("every queue has a dead-letter queue, or is one, that is encrypted and keeps what it gets for two weeks", () => {
      const queues = both().stage.of("AWS::SQS::Queue");
      const live = queues.filter((queue) => dlqOf(queue) !== "undefined");
      expect(live).toHaveLength(Object.keys(QUEUES).length);
      const alarmed = both()
        .stage.of("AWS::CloudWatch::Alarm")
        .filter((one) => at(one, "MetricName") === "ApproximateNumberOfMessagesVisible");
      for (const dead of queues.filter((queue) => !live.includes(queue))) {
        expect(at(dead, "MessageRetentionPeriod")).toBe(14 * 86_400);
        const [alarm] = alarmed.filter(
          (one) => text(at(one, "Dimensions", 0, "Value")) === `{${dead.id}.QueueName}`,
        );
        expect(alarm && at(alarm, "Threshold"), dead.id).toBe(1);
      }
      for (const queue of queues) expect(at(queue, "SqsManagedSseEnabled")).toBe(true);
      for (const queue of live) {
        expect(queues.map(({ id }) => `{${id}.Arn}`)).toContain(dlqOf(queue));
        expect(at(queue, "RedrivePolicy", "maxReceiveCount")).toBe(QUEUES.health.maxReceives);
      }
    });

    it("workers are bounded, give back single messages, and have longer than a batch takes", () => {
      const mapping = mappingOf("health-worker");
      expect(at(mapping, "FunctionResponseTypes")).toEqual(["ReportBatchItemFailures"]);
      expect(at(mapping, "ScalingConfig", "MaximumConcurrency")).toBe(QUEUES.health.maxConcurrency);
      expect(QUEUES.health.visibilityS).toBeGreaterThanOrEqual(6 * FUNCTIONS["health-worker"].timeoutS);
    });

    it("streams are retried a bounded number of times, halved, and leave what fails with its payload", () => {
      for (const name of NAMES.filter((one) => FUNCTIONS[one].kind === "stream")) {
        const mapping = mappingOf(name);
        expect(at(mapping, "BisectBatchOnFunctionError")).toBe(true);
        expect(at(mapping, "MaximumRetryAttempts")).toBeGreaterThan(0);
        expect(at(mapping, "MaximumRetryAttempts")).toBeLessThanOrEqual(10);
        expect(at(mapping, "MaximumRecordAgeInSeconds")).toBeGreaterThan(0);
        expect(at(mapping, "FunctionResponseTypes")).toEqual(["ReportBatchItemFailures"]);
        const target = text(at(mapping, "DestinationConfig", "OnFailure", "Destination"));
        const bucket = both()
          .stage.of("AWS::S3::Bucket")
          .find(({ id }) => target === `{${id}.Arn}`);
        expect(text(at(bucket!, "NotificationConfiguration", "QueueConfigurations", 0, "Queue"))).toMatch(
          /DeadLetters/,
        );
      }
    });

    it("the requests' stream is read under a tumbling window, without which its function is not told the shard", () => {
      const mapping = mappingOf("request-rollups");
      const { windowS, gatherS, batchSize } = FUNCTIONS["request-rollups"].reading;
      expect(at(mapping, "TumblingWindowInSeconds")).toBe(windowS);
      expect(at(mapping, "MaximumBatchingWindowInSeconds")).toBe(gatherS);
      expect(at(mapping, "BatchSize")).toBe(batchSize);
    });

    it("schedules call what the list says, as often as it says", () => {
      const rules = new Map(
        both()
          .stage.of("AWS::Events::Rule")
          .map((rule) => [text(at(rule, "Targets", 0, "Arn")), rule]),
      );
      const scheduled = NAMES.filter((name) => FUNCTIONS[name].kind === "schedule");
      expect(rules.size).toBe(scheduled.length);
      const words: Record<string, string> = {
        dispatch: "cron(* * * * ? *)",
        "fold-rollups": "rate(5 minutes)",
        "rebuild-cells": "rate(7 days)",
      };
      for (const name of scheduled) {
        const rule = rules.get(`{${lambdaOf(both().stage, name).id}.Arn}`);
        expect(rule && at(rule, "ScheduleExpression"), name).toBe(words[name]);
      }
    });

    it("a stream is read where its table has one", () => {
      for (const spec of Object.values(FUNCTIONS)) {
        if (spec.kind === "stream") expect(TABLES.find(({ name }) => name === spec.table)?.stream).toBe(true);
      }
    });

    function mappingOf(name: FunctionName): Resource {
      const mine = both()
        .stage.of("AWS::Lambda::EventSourceMapping")
        .filter((one) => text(at(one, "FunctionName")) === `{${lambdaOf(both().stage, name).id}}`);
      expect(mine, name).toHaveLength(1);
      return mine[0]!;
    }
  });
}

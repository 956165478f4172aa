import { describe, expect, it } from "vitest";
import { TABLES } from "../../core/tables.ts";
import { FUNCTIONS, type FunctionName, type FunctionSpec, QUEUES, STREAM } from "../../stacks/functions.ts";
import { logicalName } from "../../stacks/naming.ts";
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
      }
      for (const [name, { maxReceives, visibilityS, retentionS }] of Object.entries(QUEUES)) {
        const [queue] = live.filter(({ id }) => id.startsWith(`${logicalName(name)}Queue`));
        expect(queue!.Properties, name).toMatchObject({
          VisibilityTimeout: visibilityS,
          MessageRetentionPeriod: retentionS,
          RedrivePolicy: { maxReceiveCount: maxReceives },
        });
      }
    });

    it("workers are bounded, give back single messages, and have longer than a batch takes", () => {
      const workers = NAMES.filter((name) => FUNCTIONS[name].kind === "queue");
      expect(new Set(workers.map((name) => (FUNCTIONS[name] as { queue?: string }).queue))).toEqual(
        new Set(Object.keys(QUEUES)),
      );
      for (const name of workers) {
        const spec: FunctionSpec = FUNCTIONS[name];
        if (spec.kind !== "queue") continue;
        const { batchSize, maxConcurrency, visibilityS } = QUEUES[spec.queue];
        const mapping = mappingOf(name);
        expect(text(at(mapping, "EventSourceArn"))).toMatch(`{${logicalName(spec.queue)}Queue`);
        expect(at(mapping, "FunctionResponseTypes")).toEqual(["ReportBatchItemFailures"]);
        expect(at(mapping, "ScalingConfig", "MaximumConcurrency")).toBe(maxConcurrency);
        expect(at(mapping, "BatchSize")).toBe(batchSize);
        expect(visibilityS, name).toBeGreaterThanOrEqual(6 * spec.timeoutS);
      }
    });

    it("streams are retried a bounded number of times, halved, and leave what fails with its payload", () => {
      for (const name of NAMES.filter((one) => FUNCTIONS[one].kind === "stream")) {
        const mapping = mappingOf(name);
        expect(at(mapping, "BisectBatchOnFunctionError")).toBe(true);
        expect(at(mapping, "MaximumRetryAttempts")).toBeGreaterThan(0);
        // Broadcasting goes by the age of what is told, and follows the log by itself.
        expect(at(mapping, "MaximumRetryAttempts")).toBeLessThanOrEqual(name === "broadcast" ? 10_000 : 10);
        expect(at(mapping, "MaximumRecordAgeInSeconds")).toBeGreaterThan(0);
        expect(at(mapping, "FunctionResponseTypes")).toEqual(["ReportBatchItemFailures"]);
        const target = text(at(mapping, "DestinationConfig", "OnFailure", "Destination"));
        const bucket = both()
          .stage.of("AWS::S3::Bucket")
          .find(({ id }) => target === `{${id}.Arn}`);
        expect(toldOf(bucket!), name).toEqual([expect.stringMatching(`^{${logicalName(name)}DeadLetters`)]);
      }
    });

    it("streams are watched for lateness, each in words of its own", () => {
      const said = new Set<string>();
      const streams = NAMES.filter((one) => FUNCTIONS[one].kind === "stream");
      for (const name of streams) {
        const ref = `{${lambdaOf(both().stage, name).id}}`;
        const [age] = both()
          .stage.of("AWS::CloudWatch::Alarm")
          .filter(
            (one) =>
              at(one, "MetricName") === "IteratorAge" && text(at(one, "Dimensions", 0, "Value")) === ref,
          );
        expect(at(age!, "Threshold"), name).toBeGreaterThanOrEqual(60_000);
        said.add(text(at(age!, "AlarmDescription")));
      }
      expect(said.size).toBe(streams.length);
    });

    it("one call at a time reads a shard of the log of events", () => {
      const readers = NAMES.filter((name) => (FUNCTIONS[name] as { table?: string }).table === "events");
      expect(readers).toContain("broadcast");
      for (const name of readers)
        expect([undefined, 1]).toContain(at(mappingOf(name), "ParallelizationFactor"));
    });

    it("streams are read as the list says; under a tumbling window where the function must be told the shard", () => {
      for (const name of NAMES) {
        const spec: FunctionSpec = FUNCTIONS[name];
        if (spec.kind !== "stream") continue;
        const { windowS, gatherS, batchSize, retries, maxAgeS } = { ...STREAM, ...spec.reading };
        const mapping = mappingOf(name);
        expect(at(mapping, "TumblingWindowInSeconds"), name).toBe(windowS);
        expect(at(mapping, "MaximumBatchingWindowInSeconds"), name).toBe(gatherS);
        expect(at(mapping, "BatchSize"), name).toBe(batchSize);
        expect(at(mapping, "MaximumRetryAttempts"), name).toBe(retries);
        expect(at(mapping, "MaximumRecordAgeInSeconds"), name).toBe(maxAgeS);
      }
      for (const name of ["request-rollups", "node-events", "cell-events", "request-events"] as const)
        expect(FUNCTIONS[name].reading.windowS, name).toBeGreaterThan(0);
    });

    it("schedules call what the list says, as often as it says", () => {
      const rules = new Map(
        both()
          .stage.of("AWS::Events::Rule")
          .filter((rule) => at(rule, "ScheduleExpression") !== undefined)
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

    /** The queues that are told of a bucket's new objects. */
    function toldOf(bucket: Resource): string[] {
      const isTold = at(
        bucket,
        "NotificationConfiguration",
        "EventBridgeConfiguration",
        "EventBridgeEnabled",
      );
      return both()
        .stage.of("AWS::Events::Rule")
        .filter((rule) => text(at(rule, "EventPattern", "detail", "bucket", "name")) === `{${bucket.id}}`)
        .map((rule) => (isTold === true ? text(at(rule, "Targets", 0, "Arn")) : "nothing"));
    }

    function mappingOf(name: FunctionName): Resource {
      const mine = both()
        .stage.of("AWS::Lambda::EventSourceMapping")
        .filter((one) => text(at(one, "FunctionName")) === `{${lambdaOf(both().stage, name).id}}`);
      expect(mine, name).toHaveLength(1);
      return mine[0]!;
    }
  });
}

import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { World } from "../../core/ctx.ts";
import { parseOrThrow } from "../../core/verb.ts";
import { type ReportSweeps, type SweepReport, sweepOrder, Watching } from "../../core/watching/index.ts";
import { openWorld } from "../world.ts";

/** The worker of the health queue: carries out its orders, and gives back exactly those that failed. */
export function makeHealth(
  open: () => World,
  report: ReportSweeps,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  let world: World | undefined;
  return async (event) => {
    const opened = (world ??= open());
    const reports: SweepReport[] = [];
    const processor = new BatchProcessor(EventType.SQS);
    const answer = await processPartialResponse(event, carryOut, processor, {
      throwOnFullBatchFailure: false,
    });
    if (reports.length > 0) report(reports);
    return answer;

    async function carryOut(record: SQSRecord): Promise<void> {
      try {
        const order = parseOrThrow(sweepOrder, JSON.parse(record.body), "The order");
        const done = await Watching.sweep(opened, order);
        if (done) reports.push(done);
      } catch (error) {
        opened.log.error("An order to sweep failed.", { message_id: record.messageId, error });
        throw error;
      }
    }
  };
}

/** Writes reports as metrics in the log (EMF); the alarm on fleet protection watches `FleetProtection`. */
export function reportToCloudWatch(metrics: Metrics): ReportSweeps {
  return (reports) => {
    for (const sweep of reports) {
      metrics.addMetric("FleetProtection", MetricUnit.Count, sweep.protected ? 1 : 0);
      metrics.addMetric("NodesProbed", MetricUnit.Count, sweep.probed);
      metrics.addMetric("NodesFailing", MetricUnit.Count, sweep.failing);
      metrics.addMetric("NodesFlipped", MetricUnit.Count, sweep.flips);
      metrics.addMetric("SweepDurationMs", MetricUnit.Milliseconds, sweep.duration_ms);
    }
    metrics.publishStoredMetrics();
  };
}

export const handler = makeHealth(
  () => openWorld("health"),
  (reports) => reportToCloudWatch(new Metrics({ namespace: "Arx", serviceName: "health" }))(reports),
);

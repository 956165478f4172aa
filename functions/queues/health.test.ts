import { Metrics } from "@aws-lambda-powertools/metrics";
import { expect, test, vi } from "vitest";
import type { SweepReport } from "../../core/watching/index.ts";
import { reportToCloudWatch } from "./health.ts";

const sweep: SweepReport = {
  wave: 60,
  directory: "g",
  cells: 2,
  members: 90,
  pool: 80,
  probed: 88,
  failing: 50,
  flips: 1,
  lost: 0,
  protected: true,
  duration_ms: 900,
  probing_ms: 700,
};

test("sweeps are reported as metrics, by the names and the dimension that the alarms watch", () => {
  const metrics = new Metrics({ namespace: "Arx", serviceName: "health" });
  const said: unknown[] = [];
  vi.spyOn(metrics, "publishStoredMetrics").mockImplementation(() => {
    said.push(metrics.serializeMetrics());
    return metrics;
  });
  reportToCloudWatch(metrics)([sweep, { ...sweep, protected: false, failing: 3 }]);
  expect(said).toEqual([
    expect.objectContaining({
      service: "health",
      FleetProtection: [1, 0],
      NodesProbed: [88, 88],
      NodesFailing: [50, 3],
      SweepDurationMs: [900, 900],
    }),
  ]);
  expect(said[0]).toMatchObject({
    _aws: { CloudWatchMetrics: [{ Namespace: "Arx", Dimensions: [["service"]] }] },
  });
});

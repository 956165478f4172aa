/** Prices of us-east-1, in dollars. */
const PRICE = { rru: 0.125e-6, wru: 0.625e-6, sqsRequest: 0.4e-6, lambdaRequest: 0.2e-6, gbSecond: 13.33e-6 };

/** A Lambda has one whole processor at 1 769 MB; with less memory it has that share of one. */
const MB_PER_CPU = 1769;
export const WORKER_MB = 512;
const SECONDS_A_MONTH = 30 * 86_400;

/** What one sweep of the whole fleet, its dispatch included, used. */
export interface Used {
  readonly nodes: number;
  readonly orders: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Of the worker process, user and system. */
  readonly cpuSeconds: number;
}

/**
 * Dollars that one node costs in a month. Each order is counted as a Lambda request of its own and as three SQS requests (sent, received,
 * deleted), which batches make fewer. A Lambda is billed for as long as its share of a processor takes for the work that was measured.
 */
export function dollarsPerNodeMonth(used: Used, intervalS: number): Record<string, number> {
  const sweeps = SECONDS_A_MONTH / intervalS / used.nodes;
  const seconds = used.cpuSeconds / (WORKER_MB / MB_PER_CPU);
  const parts = {
    reads: used.readUnits * PRICE.rru * sweeps,
    writes: used.writeUnits * PRICE.wru * sweeps,
    queue: used.orders * 3 * PRICE.sqsRequest * sweeps,
    lambda: (used.orders * PRICE.lambdaRequest + (seconds * WORKER_MB * PRICE.gbSecond) / 1024) * sweeps,
  };
  return { ...parts, total: parts.reads + parts.writes + parts.queue + parts.lambda };
}

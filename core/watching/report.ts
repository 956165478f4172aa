/** What one order came to; the health function turns it into metrics. */
export interface SweepReport {
  readonly wave: number;
  readonly directory: string;
  /** Cells that were due; the rest had been swept in this wave or a later one. */
  readonly cells: number;
  readonly members: number;
  /** Healthy or degraded nodes among those probed, draining ones aside. */
  readonly pool: number;
  readonly probed: number;
  readonly failing: number;
  readonly flips: number;
  /** Cells whose observation somebody else wrote first. */
  readonly lost: number;
  /** Whether evictions were held back (SPEC H9). */
  readonly protected: boolean;
  /** Milliseconds, of the order and of its probes alone. */
  readonly duration_ms: number;
  readonly probing_ms: number;
}

/** Takes what the orders of one batch came to. */
export type ReportSweeps = (reports: readonly SweepReport[]) => void;

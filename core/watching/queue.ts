import type { SweepUnit } from "../cells/index.ts";

/** One order to sweep: the whole unit, or, with `only`, those nodes of it now. */
export interface SweepOrder extends SweepUnit {
  /** The second (Unix) the sweep was due; orders the sweeps of a cell. */
  readonly wave: number;
  /** How many units make up the wave, so that a worker knows when its tally is whole. */
  readonly units?: number | undefined;
  /** Newcomers to probe out of turn, unless they were seen meanwhile; the others keep their observations. */
  readonly only?: readonly string[] | undefined;
}

/** Where orders wait for workers. SQS on AWS, a queue in the process locally. */
export interface SweepQueue {
  send(orders: readonly SweepOrder[], delayS: number): Promise<void>;
}

/** One measured figure. With a `bar` the table shows whether it holds; without one it is there to be read beside the others. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Unit of `value`: "ratio", "RRU", "calls", "µs", "%", "KB", "$/node-month", … */
  readonly unit: string;
  readonly bar?: { readonly op: "<=" | ">=" | "=="; readonly value: number };
}

export interface BenchOptions {
  /** Run the long form: the sizes and counts that prove the bar, instead of the short ones that guard a change. */
  readonly full: boolean;
  /** Reports progress; never a result. */
  readonly log: (line: string) => void;
}

/** A bench lives in its own file and is listed in `main.ts`; `bar` is the row of the performance table it answers. */
export interface Bench {
  readonly name: string;
  readonly what: string;
  readonly run: (options: BenchOptions) => Promise<Figure[]>;
}

/** Runs of a shard's sequence numbers, first and last inclusive; ascending, none touching another. */
export type Ranges = readonly (readonly [first: bigint, last: bigint])[];

/** Whether a sequence number lies in one of the runs. */
export function covers(ranges: Ranges, sequence: bigint): boolean {
  return ranges.some(([first, last]) => first <= sequence && sequence <= last);
}

/** The runs with one more; what overlaps or follows without a number between becomes one run. */
export function including(ranges: Ranges, [first, last]: readonly [bigint, bigint]): Ranges {
  const before = ranges.filter((one) => one[1] < first - 1n);
  const after = ranges.filter((one) => one[0] > last + 1n);
  const touching = ranges.filter((one) => one[1] >= first - 1n && one[0] <= last + 1n);
  const from = touching.reduce((least, one) => (one[0] < least ? one[0] : least), first);
  const to = touching.reduce((greatest, one) => (one[1] > greatest ? one[1] : greatest), last);
  return [...before, [from, to], ...after];
}

export { count, type StreamRecord } from "./count.ts";
export { type Folded, fold } from "./fold.ts";
export { BUCKET_MS, BUCKETS, type Bucket, KEPT_MS, type Range } from "./periods.ts";
export { type Counted, read, series } from "./read.ts";
export { percentiles } from "./sketch.ts";

import type { Ctx } from "../ctx.ts";
import { iso } from "../id.ts";
import { Rollups } from "../rollups/index.ts";
import { verb } from "../verb.ts";
import { invalid, measured, rangeOf, told } from "./range.ts";
import { rangeInput, type SummaryView, type TimeseriesView, timeseriesInput } from "./schema.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The longest range of each bucket: some 720 to 850 points. */
const LONGEST_MS: Readonly<Record<Rollups.Bucket, number>> = {
  minute: 12 * HOUR_MS,
  hour: 35 * DAY_MS,
  day: 731 * DAY_MS,
};

/** Counts of everything in a range. */
export const summary = verb(rangeInput, async (ctx, asked): Promise<SummaryView> => {
  const counted = await Rollups.read(ctx, rangeOf(ctx, asked), []);
  const { statuses, total } = counted.cube;
  const { routed, completed, pending } = statuses;
  return { ...told(counted), ...measured(total), routed, completed, pending, beyond_max_distance: total.far };
});

/** Counts over time: a point for each bucket, oldest first, empty ones too. */
export const timeseries = verb(timeseriesInput, async (ctx, asked): Promise<TimeseriesView> => {
  const range = rangeOf(ctx, asked);
  const bucket = asked.bucket ?? bucketFor(ctx, range);
  const size = range.until - range.since;
  if (size > LONGEST_MS[bucket])
    throw invalid("bucket", `Must be coarser for a range of more than ${spell(LONGEST_MS[bucket])}`);
  if (range.since < ctx.now() - Rollups.KEPT_MS[bucket])
    throw invalid("bucket", `Must be coarser: a ${bucket} is kept for ${spell(Rollups.KEPT_MS[bucket])}`);
  const { points, ...counted } = await Rollups.series(ctx, range, bucket);
  return {
    ...told(counted),
    bucket,
    points: points.map(({ at, cube }) => ({ at: iso(at), ...measured(cube.total) })),
  };
});

/** Minutes up to 2 hours, hours up to a week, days beyond and where only they are left. */
function bucketFor(ctx: Ctx, { since, until }: Rollups.Range): Rollups.Bucket {
  const age = ctx.now() - since;
  if (until - since <= 2 * HOUR_MS && age <= Rollups.KEPT_MS.minute) return "minute";
  return until - since <= 7 * DAY_MS && age <= Rollups.KEPT_MS.hour ? "hour" : "day";
}

function spell(ms: number): string {
  return ms < 2 * DAY_MS ? `${ms / HOUR_MS} hours` : `${ms / DAY_MS} days`;
}

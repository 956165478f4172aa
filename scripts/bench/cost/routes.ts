import { usageOf } from "./accounts.ts";
import { type Line, linesOf } from "./sheet.ts";
import type { Slice } from "./slice.ts";

/** Counts are folded so often an hour. */
const FOLDS_AN_HOUR = 12;

/** What a million routes cost, at the pace of a slice. */
export function routeLines(slice: Slice): Line[] {
  const { routes, routesPerSecond, usage, entries } = slice;
  const scale = 1e6 / routes;
  const lines = (name: Parameters<typeof usageOf>[1], item: string) =>
    linesOf(name, item, usageOf(usage, name), scale);
  // A fold's own writes are fixed, so that a slice's are more a route than a whole hour's; twice, since a day is folded of hours.
  const hour = { ...slice.fold.hour, calls: 0 };
  const idle = { ...slice.fold.idle, calls: 1 };
  const ofRoutes = entries.all > 0 ? entries.routes / entries.all : 0;
  return [
    { item: "the API", units: 1e6, of: "httpRequest" },
    ...lines("routing", "routing"),
    ...lines("request-events", "its event"),
    ...lines("request-rollups", "counting"),
    ...linesOf("fold-rollups", "hours and days of counts", hour, 2 * scale),
    ...linesOf(
      "fold-rollups",
      "looking for hours to fold",
      idle,
      (1e6 * FOLDS_AN_HOUR) / (3600 * routesPerSecond),
    ),
    ...linesOf("broadcast", "finding that nobody listens", nobody(slice), scale * ofRoutes),
  ];
}

/** What broadcasting costs while nobody listens: the log wakes it, and it looks. */
export function nobody({ audiences }: Slice) {
  const none = audiences.find(({ dashboards }) => dashboards === 0);
  if (!none) throw new Error("The slice has no audience of nobody.");
  return usageOf(none.usage, "broadcast");
}

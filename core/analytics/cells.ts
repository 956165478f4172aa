import geohash from "ngeohash";
import { haversineKm, type Position } from "../geo/index.ts";
import { addMeasures, emptyMeasures, type Measures, Rollups } from "../rollups/index.ts";
import { verb } from "../verb.ts";
import type { Ranked } from "./keyed.ts";
import { measured, percent, rangeOf, told } from "./range.ts";
import { pageOf, placeOf } from "./rank.ts";
import { cellsInput, type GapsView, type HeatmapView } from "./schema.ts";

/** Counts of coarser cells: those whose geohash begins alike, together. */
export function coarser(cells: ReadonlyMap<string, Measures>, precision: number): Map<string, Measures> {
  const merged = new Map<string, Measures>();
  for (const [cell, measures] of cells) {
    const key = cell.slice(0, precision);
    const into = merged.get(key) ?? emptyMeasures();
    addMeasures(into, measures);
    merged.set(key, into);
  }
  return merged;
}

/** Five decimals: a metre. */
const degrees = (given: number) => Math.round(given * 1e5) / 1e5;

function middleOf(cell: string): Position {
  const { latitude, longitude } = geohash.decode(cell);
  return { lat: degrees(latitude), lng: degrees(longitude) };
}

/** Counts by geohash cell, the busiest first. */
export const heatmap = verb(cellsInput, async (ctx, asked): Promise<Ranked<HeatmapView>> => {
  const kind = `analytics-heatmap-${asked.precision}`;
  const place = placeOf(kind, asked.cursor);
  const range = place?.range ?? rangeOf(ctx, asked);
  const counted = await Rollups.read(ctx, range, ["cells"]);
  const cells = coarser(counted.cube.by.cells, asked.precision);
  const { page, next } = pageOf(kind, cells, ({ requests }) => requests, {
    range,
    after: place?.after,
    limit: asked.limit,
  });
  return {
    ...told(counted),
    total: cells.size,
    precision: asked.precision,
    cells: page.map(([cell, one]) => ({
      geohash: cell,
      ...middleOf(cell),
      ...measured(one),
      beyond_max_distance: one.far,
    })),
    next,
  };
});

/** Where those of a cell are that were sent far or rejected: the mean of their unit vectors, which no seam of the map bends. */
export function wantedPlace(cell: string, { x, y, z }: Pick<Measures, "x" | "y" | "z">): Position {
  const length = Math.hypot(x, y, z);
  if (length === 0) return middleOf(cell);
  const lat = (Math.asin(Math.max(-1, Math.min(1, z / length))) * 180) / Math.PI;
  return { lat: degrees(lat), lng: degrees((Math.atan2(y, x) * 180) / Math.PI) };
}

const unserved = ({ far, rejected }: Measures) => far + rejected;

/**
 * Where nodes are missing: cells whose clients were sent beyond `MAX_DISTANCE` or rejected, those with most of them first, each with the
 * place where a node would have helped them most.
 */
export const gaps = verb(cellsInput, async (ctx, asked): Promise<Ranked<GapsView>> => {
  const kind = `analytics-gaps-${asked.precision}`;
  const place = placeOf(kind, asked.cursor);
  const range = place?.range ?? rangeOf(ctx, asked);
  const counted = await Rollups.read(ctx, range, ["cells"]);
  const maxKm = ctx.config.MAX_DISTANCE;
  const cells = [...coarser(counted.cube.by.cells, asked.precision)]
    .filter(([, one]) => unserved(one) > 0)
    .map(([cell, one]) => [cell, { one, at: wantedPlace(cell, one) }] as const);
  const { page, next } = pageOf(kind, cells, ({ one }) => unserved(one), {
    range,
    after: place?.after,
    limit: asked.limit,
  });
  return {
    ...told(counted),
    total: cells.length,
    precision: asked.precision,
    max_distance_km: maxKm,
    gaps: page.map(([cell, { one, at }]) => ({
      geohash: cell,
      ...at,
      requests: one.requests,
      beyond_max_distance: one.far,
      rejected: one.rejected,
      unserved: unserved(one),
      share: percent(unserved(one), one.requests),
      mean_distance_km: one.far === 0 ? null : Math.round(one.farMetres / one.far) / 1000,
      within_reach: cells.reduce(
        (sum, [other, given]) =>
          other === cell || haversineKm(at, given.at) <= maxKm ? sum + unserved(given.one) : sum,
        0,
      ),
    })),
    next,
  };
});

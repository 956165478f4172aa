import geohash from "ngeohash";
import type { HeatmapView } from "./schema.ts";

type Corner = [lng: number, lat: number];

/** A GeoJSON FeatureCollection (RFC 7946): a polygon for each cell, with its counts as properties. */
export function featureCollection({ cells, ...rest }: HeatmapView) {
  return {
    type: "FeatureCollection",
    features: cells.map(({ geohash: cell, ...properties }) => ({
      type: "Feature",
      id: cell,
      geometry: { type: "Polygon", coordinates: [ringOf(cell)] },
      properties: { geohash: cell, ...properties },
    })),
    ...rest,
  };
}

/** A cell's edge, counterclockwise, closed. No cell crosses the antimeridian. */
function ringOf(cell: string): Corner[] {
  const [south, west, north, east] = geohash.decode_bbox(cell);
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
}

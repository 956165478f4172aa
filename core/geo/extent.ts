import { unitX, unitY, unitZ } from "./chord.ts";
import { antipode, EARTH_RADIUS_KM, haversineKm, type Position } from "./position.ts";

/** A rectangle of latitudes and longitudes, in degrees, edges included. It never crosses the antimeridian. */
export interface Extent {
  readonly minLat: number;
  readonly minLng: number;
  readonly maxLat: number;
  readonly maxLng: number;
}

const RAD = Math.PI / 180;

/** Least great-circle distance in km from a position to any position of the extent; 0 inside. Exact to 1e-9 km. */
export function extentMinKm(extent: Extent, at: Position): number {
  const lng = nearestLng(extent, at.lng);
  return haversineKm({ lat: nearestLat(extent, at, lng), lng }, at);
}

/**
 * Greatest great-circle distance in km from a position to any position of the extent. Exact to 1e-9 km: what is
 * farthest from a position is what is nearest to its antipode.
 */
export function extentMaxKm(extent: Extent, at: Position): number {
  return Math.PI * EARTH_RADIUS_KM - extentMinKm(extent, antipode(at));
}

/** Rounding of two unit vectors moves a chord by less than this: 13 nm on the ground. */
const CHORD_ERROR = 2e-15;

/**
 * Squared chord from a position to the nearest of the extent, never larger than the squared chord to any position
 * inside as computed from unit vectors. An extent of one position has that very position's chord, to the last bit.
 */
export function extentMinChord2(extent: Extent, at: Position): number {
  const lng = nearestLng(extent, at.lng);
  const lat = nearestLat(extent, at, lng);
  const dx = unitX(at.lat, at.lng) - unitX(lat, lng);
  const dy = unitY(at.lat, at.lng) - unitY(lat, lng);
  const dz = unitZ(at.lat) - unitZ(lat);
  const chord2 = dx * dx + dy * dy + dz * dz;
  if (extent.minLat === extent.maxLat && extent.minLng === extent.maxLng) return chord2;
  const chord = Math.max(0, Math.sqrt(chord2) - CHORD_ERROR);
  return chord * chord;
}

/**
 * The longitude of the extent that is nearest to `lng`. The nearest position lies on that meridian: at any one
 * latitude the distance only grows with the difference in longitude, so nothing east or west of it can be nearer.
 */
function nearestLng(extent: Extent, lng: number): number {
  if (lng >= extent.minLng && lng <= extent.maxLng) return lng;
  return turn(lng - extent.minLng) <= turn(lng - extent.maxLng) ? extent.minLng : extent.maxLng;
}

/**
 * The latitude at which the meridian `lng` passes nearest to `at`, among the extent's. Along a whole meridian circle the
 * cosine of the distance is A·cos(latitude - foot), so the best latitude is the foot or the bound closest to it by turning;
 * the foot is past a pole, beyond ±90°, when the meridian is more than 90° away.
 */
function nearestLat(extent: Extent, at: Position, lng: number): number {
  const foot =
    lng === at.lng
      ? at.lat
      : Math.atan2(Math.sin(at.lat * RAD), Math.cos(at.lat * RAD) * Math.cos((at.lng - lng) * RAD)) / RAD;
  if (foot >= extent.minLat && foot <= extent.maxLat) return foot;
  return turn(foot - extent.minLat) <= turn(foot - extent.maxLat) ? extent.minLat : extent.maxLat;
}

/** The smaller of the two ways round a circle, for a difference of degrees in [-360, 360]. */
function turn(degrees: number): number {
  const way = Math.abs(degrees);
  return way > 180 ? 360 - way : way;
}

/** Degrees, WGS 84: latitude in [-90, 90], longitude in [-180, 180]. */
export interface Position {
  readonly lat: number;
  readonly lng: number;
}

/** Mean Earth radius (IUGG R1), the one every distance of the wire contract is measured with. */
export const EARTH_RADIUS_KM = 6371.0088;

const RAD = Math.PI / 180;

/**
 * Great-circle distance in kilometres, exact to about 1e-11 km everywhere.
 * Haversine formula (Sinnott 1984), with 1 - h computed as the haversine to the antipode: taking it by subtraction
 * costs decimetres when the two positions are nearly opposite.
 */
export function haversineKm(a: Position, b: Position): number {
  const across = Math.cos(a.lat * RAD) * Math.cos(b.lat * RAD);
  const halfLng = ((a.lng - b.lng) * RAD) / 2;
  const h = squared(Math.sin(((a.lat - b.lat) * RAD) / 2)) + across * squared(Math.sin(halfLng));
  const opposite = squared(Math.sin(((a.lat + b.lat) * RAD) / 2)) + across * squared(Math.cos(halfLng));
  return 2 * EARTH_RADIUS_KM * Math.atan2(Math.sqrt(h), Math.sqrt(opposite));
}

/** The position on the other side of the Earth. */
export function antipode(at: Position): Position {
  return { lat: -at.lat, lng: at.lng > 0 ? at.lng - 180 : at.lng + 180 };
}

function squared(value: number): number {
  return value * value;
}

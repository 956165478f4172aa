export interface DemoCity {
  /** The node's id is `edge-<slug>`. */
  readonly slug: string;
  readonly name: string;
  readonly region: string;
  readonly lat: number;
  readonly lng: number;
}

/**
 * Where the demo fleet stands: every continent, both sides of the antimeridian, at the
 * south pole, and three so near each other that they share their clients.
 */
export const CITIES: readonly DemoCity[] = [
  city("zurich", "Zurich", "europe", 47.3769, 8.5417),
  city("winterthur", "Winterthur", "europe", 47.4988, 8.7237),
  city("zug", "Zug", "europe", 47.1662, 8.5155),
  city("london", "London", "europe", 51.5074, -0.1278),
  city("stockholm", "Stockholm", "europe", 59.3293, 18.0686),
  city("new-york", "New York", "north-america", 40.7128, -74.006),
  city("san-francisco", "San Francisco", "north-america", 37.7749, -122.4194),
  city("mexico-city", "Mexico City", "north-america", 19.4326, -99.1332),
  city("anchorage", "Anchorage", "north-america", 61.2181, -149.9003),
  city("sao-paulo", "São Paulo", "south-america", -23.5505, -46.6333),
  city("bogota", "Bogotá", "south-america", 4.711, -74.0721),
  city("ushuaia", "Ushuaia", "south-america", -54.8019, -68.303),
  city("lagos", "Lagos", "africa", 6.5244, 3.3792),
  city("nairobi", "Nairobi", "africa", -1.2921, 36.8219),
  city("cape-town", "Cape Town", "africa", -33.9249, 18.4241),
  city("dubai", "Dubai", "asia", 25.2048, 55.2708),
  city("mumbai", "Mumbai", "asia", 19.076, 72.8777),
  city("singapore", "Singapore", "asia", 1.3521, 103.8198),
  city("tokyo", "Tokyo", "asia", 35.6762, 139.6503),
  city("sydney", "Sydney", "oceania", -33.8688, 151.2093),
  city("auckland", "Auckland", "oceania", -36.8509, 174.7645),
  city("suva", "Suva", "oceania", -18.1248, 178.4501),
  city("honolulu", "Honolulu", "oceania", 21.3069, -157.8583),
  city("amundsen-scott", "Amundsen–Scott", "antarctica", -89.9972, -139.2667),
];

function city(slug: string, name: string, region: string, lat: number, lng: number): DemoCity {
  return { slug, name, region, lat, lng };
}

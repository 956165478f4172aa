import * as z from "zod/mini";
import type { Position } from "../geo/index.ts";
import { between, wholeBetween } from "./fields.ts";

export const latitude = between(-90, 90, " (degrees)");
export const longitude = between(-180, 180, " (degrees)");

/** Degrees to seven decimals (1.1 cm): what cells pack exactly, finer than any fix. */
export function roundDegrees(degrees: number): number {
  // Adding zero makes of -0 a 0, which equals it and is stored differently.
  return Math.round(degrees * 1e7) / 1e7 + 0;
}

/** A position, as `{lat, lng}` or `{x, y}` with x = longitude and y = latitude, in degrees (WGS 84). */
export const position = z.pipe(
  z.union(
    [z.object({ lat: latitude, lng: longitude }), z.object({ x: longitude, y: latitude })],
    "Must be {lat, lng} or {x, y} in degrees",
  ),
  z.transform((given) => ("lat" in given ? rounded(given.lat, given.lng) : rounded(given.y, given.x))),
);

function rounded(lat: number, lng: number): Position {
  return { lat: roundDegrees(lat), lng: roundDegrees(lng) };
}

const capacity = wholeBetween(1, 1_000_000);

/** The spellings of a node's place and size that clients of several families use; `settled` makes one of each. */
export const spellings = {
  location: z.nullish(position),
  lat: z.nullish(latitude),
  lng: z.nullish(longitude),
  location_x: z.nullish(longitude),
  location_y: z.nullish(latitude),
  capacity: z.nullish(capacity),
  max_connections: z.nullish(capacity),
  max_agents: z.nullish(capacity),
};

interface Spelled {
  readonly location?: Position | null | undefined;
  readonly lat?: number | null | undefined;
  readonly lng?: number | null | undefined;
  readonly location_x?: number | null | undefined;
  readonly location_y?: number | null | undefined;
  readonly capacity?: number | null | undefined;
  readonly max_connections?: number | null | undefined;
  readonly max_agents?: number | null | undefined;
}

/** One position and one capacity: null to take it away, undefined when not spoken of. */
export interface Settled {
  readonly location: Position | null | undefined;
  readonly capacity: number | null | undefined;
}

type Complain = (path: string, message: string) => void;

/** Reads every spelling of position and capacity into one; spellings that are incomplete or contradict each other are issues. */
export function settle<T extends Spelled>(given: T, complain: Complain): Omit<T, keyof Spelled> & Settled {
  const { location, lat, lng, location_x, location_y, capacity, max_connections, max_agents, ...rest } =
    given;
  const positions = [
    location ?? undefined,
    pair(["lat", lat], ["lng", lng], complain),
    pair(["location_y", location_y], ["location_x", location_x], complain),
  ].filter((spelled) => spelled !== undefined);
  if (positions.some((other) => other.lat !== positions[0]!.lat || other.lng !== positions[0]!.lng)) {
    complain("location", "Is given more than once, with different values");
  }
  const sizes = [capacity, max_connections, max_agents].filter((size) => typeof size === "number");
  if (new Set(sizes).size > 1) complain("capacity", "Is given more than once, with different values");
  return {
    ...rest,
    location: positions[0] ?? (location === null ? null : undefined),
    capacity: sizes[0] ?? (capacity === null ? null : undefined),
  };
}

type Coordinate = readonly [name: string, degrees: number | null | undefined];

function pair(
  [latName, lat]: Coordinate,
  [lngName, lng]: Coordinate,
  complain: Complain,
): Position | undefined {
  if (typeof lat === "number" && typeof lng === "number") return rounded(lat, lng);
  if (typeof lat === "number") complain(lngName, `Is required beside ${latName}`);
  if (typeof lng === "number") complain(latName, `Is required beside ${lngName}`);
  return undefined;
}

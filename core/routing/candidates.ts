import { Cells, type FleetSigns, type Near, type Routable } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { type Shortcoming, shortcoming } from "./qualify.ts";
import type { RouteRequest } from "./schema.ts";

export interface Candidates {
  /** The k nearest that qualify, nearest first; within the preferred distance, if any is. */
  readonly near: readonly Near[];
  readonly beyondMaxDistance: boolean;
  readonly signs: FleetSigns;
}

/** A node that was looked at, and what kept it from being a candidate. */
export interface Looked {
  readonly node: Routable;
  readonly km: number;
  readonly shortcoming: Shortcoming | "too_far" | null;
}

/** The candidates of a request (api: Selection): the request's own distance is strict, the configured one a preference. */
export async function candidatesFor(world: World, request: RouteRequest): Promise<Candidates> {
  const { require, max_distance_km: strict } = request;
  const { found, signs } = await Cells.nearest(world, {
    at: request.coordinates,
    k: request.k ?? world.config.K_NEAREST,
    qualifies: (node, chord2) => shortcoming(node, chord2, require) === null,
    ...(strict === undefined ? {} : { maxKm: strict }),
  });
  const within = found.filter((near) => near.km <= world.config.MAX_DISTANCE);
  const near = within.length > 0 ? within : found;
  return { near, signs, beyondMaxDistance: near.length > 0 && within.length === 0 };
}

/**
 * Every node that a search of the same request looks at, nearest first, with what kept it: the memory is warm by now, so this reads
 * next to nothing. With `beyond` a strict distance is lifted, so that what lies behind it is seen too.
 */
export async function lookedAt(world: World, request: RouteRequest, beyond: boolean): Promise<Looked[]> {
  const strict = request.max_distance_km ?? Number.POSITIVE_INFINITY;
  const looked = new Map<string, Looked>();
  await Cells.nearest(world, {
    at: request.coordinates,
    k: request.k ?? world.config.K_NEAREST,
    qualifies: (node, chord2) => {
      const km = Cells.kmOf(chord2);
      const short = shortcoming(node, chord2, request.require);
      looked.set(node.member.id, { node, km, shortcoming: short ?? (km > strict ? "too_far" : null) });
      return short === null;
    },
    ...(beyond || request.max_distance_km === undefined ? {} : { maxKm: strict }),
  });
  return [...looked.values()].sort((a, b) => a.km - b.km);
}

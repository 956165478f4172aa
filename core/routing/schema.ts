import * as z from "zod/mini";
import { isShallow, jsonObject, label, position, roundDegrees } from "../nodes/schema.ts";
import { STRATEGIES } from "../selection/index.ts";

const latitude = z.number().check(z.gte(-90), z.lte(90));
const longitude = z.number().check(z.gte(-180), z.lte(180));
const oneOrMore = z.union([
  z.array(label).check(z.maxLength(32)),
  z.pipe(
    label,
    z.transform((one) => [one]),
  ),
]);

/** Conditions a node must meet to be routed to; all of them, and every label and service named. */
export const requirement = z.object({
  role: z.optional(label),
  labels: z.optional(oneOrMore),
  services: z.optional(oneOrMore),
  region: z.optional(label),
  provider: z.optional(label),
});

/** Any JSON, nested at most 32 levels. Its size is bounded with the body's. */
const payload = z
  .unknown()
  .check(z.refine((value) => isShallow(value, 32), "Must be nested at most 32 levels deep"));
const headerName = z.string().check(z.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, "Must be a header name"));
const headerValue = z.string().check(z.regex(/^[\t\x20-\x7e\x80-\xff]{0,1024}$/, "Must be a header value"));

const asked = z.object({
  request_id: z
    .string()
    .check(z.minLength(1), z.maxLength(128), z.regex(/^[\x20-\x7e]+$/, "Must be printable ASCII")),
  coordinates: z.optional(position),
  lat: z.optional(latitude),
  lng: z.optional(longitude),
  priority: z._default(z.enum(["low", "normal", "high"]), "normal"),
  payload: z.optional(payload),
  headers: z.optional(
    z
      .record(headerName, headerValue)
      .check(z.refine((given) => Object.keys(given).length <= 32, "Must name at most 32 headers")),
  ),
  metadata: z.optional(jsonObject(8192)),
  client_info: z.optional(jsonObject(8192)),
  k: z.optional(z.int().check(z.gte(1), z.lte(32))),
  strategy: z.optional(z.enum(STRATEGIES)),
  max_distance_km: z.optional(z.number().check(z.gt(0), z.lte(20_100))),
  require: z.optional(requirement),
  forward: z.optional(z.boolean()),
  explain: z._default(z.boolean(), false),
  dry_run: z._default(z.boolean(), false),
});

/** A client asks where to go. The position is `coordinates` (`{lat, lng}` or `{x, y}`), or flat `lat` and `lng`. */
export const routeInput = z.pipe(
  asked.check(
    z.refine(
      (given) => given.coordinates !== undefined || (given.lat !== undefined && given.lng !== undefined),
      { error: "Required, as {lat, lng} or {x, y}", path: ["coordinates"] },
    ),
  ),
  z.transform(({ coordinates, lat, lng, ...rest }) => ({
    ...rest,
    coordinates: coordinates ?? { lat: roundDegrees(lat!), lng: roundDegrees(lng!) },
  })),
);
export type RouteRequest = z.output<typeof routeInput>;

const routedTo = z.object({
  id: z.string(),
  name: z.string(),
  endpoint: z.string(),
  /** Great-circle kilometres. */
  distance: z.number(),
  /** 0 idle – 1 full; estimated now, not merely as last observed. */
  load_score: z.number(),
  /** What the strategy ordered by; the lowest wins. */
  score: z.number(),
});
const considered = z.object({
  id: z.string(),
  name: z.string(),
  distance: z.number(),
  qualified: z.boolean(),
  /** Why it was passed over; null when it was a candidate. */
  reason: z.nullable(z.string()),
  score: z.nullable(z.number()),
  load_score: z.nullable(z.number()),
  terms: z.nullable(z.record(z.string(), z.number())),
});

export const routeOutput = z.object({
  id: z.optional(z.string()),
  request_id: z.string(),
  routed_to: routedTo,
  /** The other candidates, in the order in which they would be tried. */
  alternatives: z.array(routedTo),
  strategy: z.enum(STRATEGIES),
  beyond_max_distance: z.optional(z.boolean()),
  fleet_protection: z.optional(z.boolean()),
  response_data: z.optional(z.unknown()),
  metrics: z.optional(
    z.object({ response_time_ms: z.number(), node_id: z.nullable(z.string()), attempts: z.int() }),
  ),
  considered: z.optional(z.array(considered)),
  dry_run: z.optional(z.boolean()),
});
export type RouteAnswer = z.output<typeof routeOutput>;
export type RoutedTo = z.output<typeof routedTo>;
export type Considered = z.output<typeof considered>;

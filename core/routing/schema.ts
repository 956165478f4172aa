import * as z from "zod/mini";
import {
  between,
  isShallow,
  jsonObject,
  label,
  must,
  oneOf,
  wholeBetween,
  yesOrNo,
} from "../nodes/fields.ts";
import { latitude, longitude, position, roundDegrees } from "../nodes/place.ts";
import { STRATEGIES } from "../selection/index.ts";

const oneOrMore = z.union([
  z.array(label, "Must be a label or a list of them").check(z.maxLength(32, "Must have at most 32 entries")),
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

/** A JSON number may be too large for any machine, and would be handed on as null. */
const finite = z.refine<unknown>(isFinite, "Must hold no number beyond 1.8e308");

/** Any JSON, nested at most 32 levels. Its size is bounded with the body's. */
const payload = z.unknown().check(
  z.refine((value) => isShallow(value, 32), { error: "Must be nested at most 32 levels deep", abort: true }),
  finite,
);
const described = jsonObject(8192).check(finite);

/** Whether every number in a shallow JSON value is finite. */
function isFinite(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value !== "object" || Object.values(value).every(isFinite);
}
const headerName = z.string().check(z.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, "Must be a header name"));
const headerValue = z.string().check(z.regex(/^[\t\x20-\x7e\x80-\xff]{0,1024}$/, "Must be a header value"));

const asked = z.object({
  request_id: z
    .string(must("Must be a text"))
    .check(z.regex(/^[\x20-\x7e]{1,128}$/, "Must be 1 to 128 characters of printable ASCII")),
  coordinates: z.optional(position),
  lat: z.optional(latitude),
  lng: z.optional(longitude),
  priority: z._default(oneOf(["low", "normal", "high"]), "normal"),
  payload: z.optional(payload),
  headers: z.optional(
    z
      .record(headerName, headerValue, "Must be an object of texts")
      .check(z.refine((given) => Object.keys(given).length <= 32, "Must name at most 32 headers")),
  ),
  metadata: z.optional(described),
  client_info: z.optional(described),
  k: z.optional(wholeBetween(1, 32)),
  strategy: z.optional(oneOf(STRATEGIES)),
  max_distance_km: z.optional(between(0.001, 20_100, " (kilometres)")),
  require: z.optional(requirement),
  forward: z.optional(yesOrNo),
  explain: z._default(yesOrNo, false),
  dry_run: z._default(yesOrNo, false),
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

/** Whether a request is to be sent on to a node: when it says so, else when it has something to send. */
export function wantsForward({ forward, payload }: Pick<RouteRequest, "forward" | "payload">): boolean {
  return forward ?? payload !== undefined;
}

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
  /** The nearest 1 000 of the `considered_total` nodes that were looked at. */
  considered: z.optional(z.array(considered)),
  considered_total: z.optional(z.int()),
  dry_run: z.optional(z.boolean()),
});
export type RouteAnswer = z.output<typeof routeOutput>;
export type RoutedTo = z.output<typeof routedTo>;
export type Considered = z.output<typeof considered>;

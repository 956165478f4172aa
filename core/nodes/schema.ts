import * as z from "zod/mini";
import {
  between,
  endpointUrl,
  jsonObject,
  label,
  labels,
  nodeId,
  probeUrl,
  text,
  websocketUrl,
  wholeBetween,
} from "./fields.ts";
import { STATUSES } from "./lifecycle.ts";
import { latitude, longitude, settle, spellings } from "./place.ts";

export { endpointUrl, isShallow, jsonObject, label, nodeId } from "./fields.ts";
export { position, roundDegrees } from "./place.ts";

const amount = (max: number) => z.optional(between(0, max));
const capabilities = z.pipe(
  z.catchall(
    z.object({
      cpu_cores: amount(100_000),
      memory_gb: amount(10_000_000),
      disk_gb: amount(1_000_000_000),
      network_bandwidth: amount(1_000_000_000),
    }),
    z.unknown(),
  ),
  jsonObject(4096),
);

/** How the controller's clients spell the parts of credentials, and how they are kept. */
const CREDENTIAL_PARTS: Readonly<Record<string, string>> = {
  oauthTokenEncrypted: "oauth_token_encrypted",
  oauthProvider: "oauth_provider",
  oauthExpiresAt: "oauth_expires_at",
};

const partOf = (given: string) => CREDENTIAL_PARTS[given] ?? given;

/** Write-only. What they hold is between the operator and the provider; no message tells it. */
const credentials = z.pipe(
  jsonObject(4096).check(
    z.refine((given) => Object.keys(given).length > 0, "Must not be empty; null is none"),
    z.refine(
      (given) => new Set(Object.keys(given).map(partOf)).size === Object.keys(given).length,
      "Must not spell one part in two ways",
    ),
  ),
  z.transform((given) =>
    Object.fromEntries(Object.entries(given).map(([part, value]) => [partOf(part), value])),
  ),
);

/** What a node is, as whoever makes it may say; the same fields may be changed later. null is "none", as answers show it. */
const described = {
  hostname: z.nullish(text(253)),
  ip: z.nullish(z.union([z.ipv4(), z.ipv6()], "Must be an IPv4 or IPv6 address")),
  port: z.nullish(wholeBetween(1, 65_535)),
  websocket_url: z.nullish(websocketUrl),
  health_check_url: z.nullish(probeUrl),
  role: z.nullish(label),
  labels: z.nullish(labels),
  services: z.nullish(labels),
  provider: z.nullish(label),
  region: z.nullish(label),
  /** A metre to half the Earth's circumference. */
  service_radius_km: z.nullish(between(0.001, 20_100)),
  capabilities: z.nullish(capabilities),
  version: z.nullish(text(64)),
  metadata: z.nullish(jsonObject(8192)),
  ...spellings,
};

const name = text(128);

// Beside /nodes/{id} there are paths of these names; a node called so could not be reached.
const RESERVED = ["register", "heartbeat", "stats"];
const newNodeId = nodeId.check(
  z.refine((id) => !RESERVED.includes(id), `Must not be one of ${RESERVED.join(", ")}`),
);
const chosenId = { id: z.nullish(newNodeId), node_id: z.nullish(newNodeId) };

type Context = z.core.ParsePayload;

/** Says what is wrong with a field of the object that is being read. */
const complaints = (context: Context) => (field: string, message: string) => {
  context.issues.push({ code: "custom", path: [field], message, input: context.value });
};

interface Chosen {
  readonly id?: string | null | undefined;
  readonly node_id?: string | null | undefined;
}

/** One id, position and capacity from all the spellings that whoever makes a node may use. */
function settleNew<T extends Chosen & Parameters<typeof settle>[0]>(
  given: T,
  mustBePlaced: boolean,
  context: Context,
) {
  const complain = complaints(context);
  const { id, node_id, ...rest } = settle(given, complain);
  if (id && node_id && id !== node_id) complain("node_id", "Is given more than once, with different values");
  if (mustBePlaced && !rest.location && context.issues.length === 0) {
    complain("location", "Is required, as {lat, lng} or {x, y} in degrees");
  }
  return { ...rest, node_id: node_id ?? id ?? undefined };
}

/** A machine that registers itself. */
export const registerInput = z.pipe(
  z.object({ name, endpoint: endpointUrl, ...chosenId, ...described, credentials: z.nullish(credentials) }),
  z.transform((given, context) => settleNew(given, true, context)),
);

/** A node made by an admin. */
export const createInput = registerInput;

export const adminRegisterInput = z.pipe(
  z.object({
    name,
    endpoint: endpointUrl,
    auto_start: z.prefault(z.boolean("Must be true or false"), false),
    ...chosenId,
    ...described,
    credentials: z.nullish(credentials),
  }),
  z.transform((given, context) => settleNew(given, true, context)),
);

/** A node that was found: what it does not say of itself comes later. */
export const discoverInput = z.pipe(
  z.object({ name: z.nullish(name), endpoint: endpointUrl, ...chosenId, ...described }),
  z.transform((given, context) => settleNew(given, false, context)),
);

const ifMatch = z.optional(z.string().check(z.maxLength(1024)));
/** Seconds after which a draining node becomes inactive, whatever it still serves. */
const deadline = z.prefault(wholeBetween(0, 604_800), 300);

export const updateInput = z.pipe(
  z.object({
    id: nodeId,
    if_match: ifMatch,
    name: z.optional(name),
    endpoint: z.optional(endpointUrl),
    status: z.optional(
      z.enum(
        ["active", "inactive", "draining", "disabled"],
        "Must be active, inactive, draining or disabled: health is observed, not set",
      ),
    ),
    deadline_s: deadline,
    ...described,
    credentials: z.nullish(credentials),
  }),
  z.transform((given, context) => settle(given, complaints(context))),
);

export const byId = z.object({ id: nodeId });
export const byIdIfMatch = z.object({ id: nodeId, if_match: ifMatch });
export const drainInput = z.object({ id: nodeId, if_match: ifMatch, deadline_s: deadline });

const queryInt = (min: number, max: number) => {
  const message = `Must be a whole number from ${min} to ${max}`;
  return z.coerce.number(message).check(z.int(message), z.gte(min, message), z.lte(max, message));
};
export const pageLimit = z.prefault(queryInt(1, 1000), 100);
export const cursor = z.optional(z.string().check(z.minLength(1), z.maxLength(1024)));
const repeated = z.pipe(
  z.union([z.array(label).check(z.maxLength(32, "Must have at most 32 entries")), label]),
  z.transform((given) => (typeof given === "string" ? [given] : given)),
);
const latLng = z.pipe(
  z.string().check(z.regex(/^\s*-?\d+(\.\d+)?\s*,\s*-?\d+(\.\d+)?\s*$/, "Must be lat,lng in degrees")),
  z.transform((given) => given.split(",").map(Number)),
);

/** Filters that all must match; a label may be named several times. */
export const listInput = z.object({
  status: z.optional(z.enum(STATUSES, `Must be one of ${STATUSES.join(", ")}`)),
  role: z.optional(label),
  label: z.optional(repeated),
  region: z.optional(label),
  provider: z.optional(label),
  /** Nearest first, those without a position last. */
  near: z.optional(
    z.pipe(
      latLng,
      z.pipe(
        z.tuple([latitude, longitude]),
        z.transform(([lat, lng]) => ({ lat, lng })),
      ),
    ),
  ),
  limit: pageLimit,
  cursor,
});

/** ISO-8601 with an offset, or a date (its midnight, UTC), as milliseconds since the epoch. */
const instant = z.pipe(
  z.union(
    [z.iso.datetime({ offset: true }), z.iso.date()],
    "Must be a date or an ISO-8601 time with its offset",
  ),
  z.transform((given) => new Date(given).getTime()),
);
export const transitionsInput = z
  .object({ id: nodeId, since: z.optional(instant), until: z.optional(instant), limit: pageLimit, cursor })
  .check(
    z.refine((given) => (given.since ?? 0) <= (given.until ?? Number.POSITIVE_INFINITY), {
      error: "Must not be after until",
      path: ["since"],
    }),
  );

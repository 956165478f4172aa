import * as z from "zod/mini";
import { cursor, label, nodeId, pageLimit } from "../nodes/schema.ts";
import { SCOPE_NAMES, type Scope } from "./scopes.ts";

const name = z
  .string("Must be a string")
  .check(z.trim(), z.minLength(1, "Must not be empty"), z.maxLength(128, "Must have at most 128 characters"));

/** ISO-8601 with an offset, as milliseconds since the epoch. Whether it is yet to come is seen when it is used. */
const instant = z.pipe(
  z.iso.datetime({ offset: true, error: "Must be an ISO-8601 time with its offset" }),
  z.transform((given) => new Date(given).getTime()),
);

const scopes = z.pipe(
  z
    .array(z.enum(SCOPE_NAMES, `Must be one of ${SCOPE_NAMES.join(", ")}`), "Must be a list of scopes")
    .check(z.minLength(1, "Must name one scope at least"), z.maxLength(64, "Must have at most 64 entries")),
  z.transform((given): Scope[] => [...new Set(given)]),
);

export const createKeyInput = z.object({ name, scopes, expires_at: z.nullish(instant) });

const MOST_USES = 10_000;
const uses = z.number(`Must be a whole number from 1 to ${MOST_USES}`).check(
  z.refine((given) => Number.isInteger(given) && given >= 1 && given <= MOST_USES, {
    error: `Must be a whole number from 1 to ${MOST_USES}`,
  }),
);

export const createJoinTokenInput = z.object({
  name: z.nullish(name),
  uses: z.prefault(uses, 1),
  /** A day from now unless said. */
  expires_at: z.nullish(instant),
  role: z.nullish(label),
  labels: z.nullish(z.array(label).check(z.maxLength(32, "Must have at most 32 entries"))),
  region: z.nullish(label),
});

export const listInput = z.object({ limit: pageLimit, cursor });

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const uuid = z.string().check(z.regex(UUID, "Must be an id of such a key"));
export const byId = z.object({ id: uuid });

export const ofNode = z.object({ node_id: nodeId });
export const rotateInput = z.object({
  node_id: nodeId,
  /** Seconds that the key before it still holds: a day unless said, at most 30. */
  grace_s: z.prefault(
    z.number("Must be a number of seconds").check(z.int(), z.gte(0), z.lte(2_592_000)),
    86_400,
  ),
});
export const revokeInput = z.object({ node_id: nodeId, key_id: z.optional(uuid) });

const time = z.nullable(z.string());
export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPE_NAMES)),
  created_at: z.string(),
  created_by: z.string(),
  expires_at: time,
  last_used_at: time,
});
export const createdKeyView = z.extend(keyView, { key: z.string() });

export const joinTokenView = z.object({
  id: z.string(),
  name: z.nullable(z.string()),
  uses: z.int(),
  uses_left: z.int(),
  role: z.nullable(z.string()),
  labels: z.array(z.string()),
  region: z.nullable(z.string()),
  created_at: z.string(),
  created_by: z.string(),
  expires_at: z.string(),
  last_used_at: time,
});
export const createdJoinTokenView = z.extend(joinTokenView, { token: z.string() });

export const nodeKeyView = z.object({
  id: z.string(),
  node_id: z.string(),
  created_at: z.string(),
  /** When its successor has taken its place; null for the newest. */
  expires_at: time,
  last_used_at: time,
});
export const rotatedView = z.extend(nodeKeyView, { node_key: z.string() });

export type KeyView = z.output<typeof keyView>;
export type JoinTokenView = z.output<typeof joinTokenView>;
export type NodeKeyView = z.output<typeof nodeKeyView>;

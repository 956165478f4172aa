import * as z from "zod/mini";
import { EVENT_TYPES } from "../events/index.ts";
import { must, text, wholeBetween, yesOrNo } from "../nodes/fields.ts";
import { cursor, pageLimit } from "../nodes/schema.ts";

export const EVERY_TYPE = "*";
const DAY_S = 86_400;
const MAX_URL = 2048;
const MAX_CELLS = 64;

/** Kept as the URL parser spells it, the slash at its end included: a receiver may answer at one of both only. */
export const webhookUrl = z.pipe(
  z.string(must("Must be a text")).check(
    z.maxLength(MAX_URL, { error: `Must have at most ${MAX_URL} characters`, abort: true }),
    z.refine((value) => {
      const parsed = URL.parse(value);
      if (parsed === null || !/^https?:$/.test(parsed.protocol)) return false;
      if (parsed.username || parsed.password || value.includes("#")) return false;
      return parsed.href.length <= MAX_URL;
    }, "Must be an https URL without credentials or fragment"),
  ),
  z.transform((value) => new URL(value).href),
);

const type = z.enum([...EVENT_TYPES, EVERY_TYPE], {
  error: `Must be one of ${EVENT_TYPES.join(", ")}, or ${EVERY_TYPE} alone for all`,
});
const isDistinct = (given: readonly string[]) => new Set(given).size === given.length;
const types = z.array(type, must(`Must be a list of types, or ["${EVERY_TYPE}"] for all`)).check(
  z.minLength(1, `Must not be empty; ["${EVERY_TYPE}"] is all`),
  z.maxLength(EVENT_TYPES.length, `Must have at most ${EVENT_TYPES.length} entries`),
  z.refine(isDistinct, "Must not repeat"),
  z.refine((given) => given.length === 1 || !given.includes(EVERY_TYPE), `"${EVERY_TYPE}" must stand alone`),
);

const cell = z
  .string(must("Must be a geohash"))
  .check(z.regex(/^[0-9b-hjkmnp-z]{1,9}$/, "Must be a geohash of 1 to 9 characters"));
const cells = z
  .array(cell, must("Must be a list of geohashes"))
  .check(
    z.minLength(1, "Must not be empty; leave it out for everywhere"),
    z.maxLength(MAX_CELLS, `Must have at most ${MAX_CELLS} entries`),
    z.refine(isDistinct, "Must not repeat"),
  );

const id = z.string(must("Must be a text")).check(z.minLength(1), z.maxLength(64));
const ifMatch = z.optional(z.string().check(z.maxLength(1024)));

export const createWebhookInput = z.object({
  url: webhookUrl,
  types,
  /** Geohash prefixes; everywhere when left out. What has no position is in no cell. */
  cells: z.nullish(cells),
  description: z.nullish(text(256)),
  active: z.prefault(yesOrNo, true),
});

/** Fields left out stay as they are. */
export const updateWebhookInput = z.object({
  id,
  if_match: ifMatch,
  url: z.optional(webhookUrl),
  types: z.optional(types),
  cells: z.nullish(cells),
  description: z.nullish(text(256)),
  active: z.optional(yesOrNo),
});

export const listWebhooksInput = z.object({ limit: pageLimit, cursor });
export const webhookById = z.object({ id });
export const webhookByIdIfMatch = z.object({ id, if_match: ifMatch });
export const rotateSecretInput = z.object({
  id,
  if_match: ifMatch,
  /** Seconds that the secrets before it go on signing; 0 ends them at once. */
  overlap_s: z.prefault(wholeBetween(0, DAY_S), DAY_S),
});

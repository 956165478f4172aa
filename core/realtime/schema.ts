import * as z from "zod/mini";
import { EVENT_TYPES } from "../events/index.ts";

/** The largest message that is read from a client. */
export const MAX_INBOUND_BYTES = 8 * 1024;

const MAX_CELLS = 64;

const type = z.enum(EVENT_TYPES, { error: `Must be one of ${EVENT_TYPES.join(", ")}` });
const cell = z
  .string("Must be a geohash")
  .check(z.regex(/^[0-9b-hjkmnp-z]{1,9}$/, "Must be a geohash of 1 to 9 characters"));

/** What a client asks for by `{"action":"subscribe"}`. */
export const subscribeInput = z.strictObject({
  /** All when left out or empty. */
  types: z.optional(z.array(type, "Must be a list").check(z.maxLength(64, "Must have at most 64 entries"))),
  /** Geohash prefixes; everywhere when left out or empty. What has no position is in no cell. */
  cells: z.optional(
    z.array(cell, "Must be a list").check(z.maxLength(MAX_CELLS, `Must have at most ${MAX_CELLS} entries`)),
  ),
  /** The id of the last event seen: what came after it is sent first. */
  since: z.optional(
    z
      .string("Must be an event's id")
      .check(z.minLength(1, "Must be an event's id"), z.maxLength(64, "Must be an event's id")),
  ),
});
export type SubscribeInput = z.output<typeof subscribeInput>;

/** What a connection listens to; null for everything. */
export interface Subscription {
  readonly types: readonly string[] | null;
  readonly cells: readonly string[] | null;
}

/** The subscription that a client asked for, in one form: sorted, without repeats, null for everything. */
export function subscriptionOf({ types, cells }: Pick<SubscribeInput, "types" | "cells">): Subscription {
  const distinct = (given: readonly string[] | undefined) =>
    given && given.length > 0 ? [...new Set(given)].sort() : null;
  return { types: distinct(types), cells: distinct(cells) };
}

/** A ticket to open a connection with. */
export const ticketView = z.object({
  /** Shown this once; good for one connection. */
  ticket: z.string(),
  expires_at: z.iso.datetime(),
  /** Where to connect to, with `ticket` added to its query. */
  url: z.string(),
});
export type TicketView = z.output<typeof ticketView>;

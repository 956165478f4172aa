import * as z from "zod/mini";
import { Malformed } from "../errors.ts";

/**
 * A cursor as it goes to the caller: opaque base64url of where a listing stopped, tagged with the listing's kind, so that one listing's
 * cursor is not mistaken for another's.
 */
export function encodeCursor(kind: string, place: unknown): string {
  return Buffer.from(JSON.stringify([kind, place])).toString("base64url");
}

/**
 * The place that a cursor of this kind names, as `place` describes it.
 *
 * @throws Malformed for anything `encodeCursor` did not make of such a place.
 */
export function decodeCursor<S extends z.core.$ZodType>(kind: string, place: S, text: string): z.output<S> {
  const parsed = z.safeParse(z.tuple([z.literal(kind), place]), parseJson(text));
  if (!parsed.success) throw new Malformed("The cursor is not one that this listing gave.");
  return parsed.data[1] as z.output<S>;
}

function parseJson(text: string): unknown {
  const bytes = Buffer.from(text, "base64url");
  // Decoding skips what it does not know; only a text that comes back the same was encoded here.
  if (bytes.toString("base64url") !== text) return undefined;
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

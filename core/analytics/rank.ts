import * as z from "zod/mini";
import type { Rollups } from "../rollups/index.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";

const place = z.tuple([z.number(), z.number(), z.number(), z.string()]);

/** Where a page of a ranking goes on, and the range that it is of: the same for every page. */
export interface Place {
  readonly range: Rollups.Range;
  readonly after: { readonly score: number; readonly key: string };
}

/** @throws Malformed for a cursor that this ranking did not give. */
export function placeOf(kind: string, cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [since, until, score, key] = decodeCursor(kind, place, cursor);
  return { range: { since, until }, after: { score, key } };
}

/** A page of keys by their score, the greatest first, then by their name. */
export function pageOf<T>(
  kind: string,
  entries: Iterable<readonly [key: string, value: T]>,
  scoreOf: (value: T) => number,
  asked: {
    readonly range: Rollups.Range;
    readonly after: Place["after"] | undefined;
    readonly limit: number;
  },
): { page: (readonly [string, T])[]; next: string | undefined } {
  const { range, after, limit } = asked;
  const ranked = [...entries]
    .map(([key, value]) => ({ key, value, score: scoreOf(value) }))
    .sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .filter(({ score, key }) => !after || score < after.score || (score === after.score && key > after.key));
  const page = ranked.slice(0, limit);
  const last = page.at(-1);
  return {
    page: page.map(({ key, value }) => [key, value] as const),
    next:
      last && ranked.length > limit
        ? encodeCursor(kind, [range.since, range.until, last.score, last.key])
        : undefined,
  };
}

import * as z from "zod/mini";
import type { Ctx } from "../ctx.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";
import type { Item } from "../store/index.ts";
import { newestAcross, type Page } from "../store/newest.ts";
import { credentialShards, keyOf } from "./items.ts";

const BUDGET = 20_000;
const CURSOR = { key: "keys", join: "join-tokens" } as const;
const place = z.string().check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));

/** A page of items of one kind, newest first. @throws Malformed for a cursor that this listing did not give. */
export async function pageOfKind(
  ctx: Ctx,
  kind: keyof typeof CURSOR,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<Item>> {
  const before = cursor === undefined ? undefined : decodeCursor(CURSOR[kind], place, cursor);
  const { items, stoppedAt } = await newestAcross(credentialShards(ctx.store, kind), {
    keyOf: ({ id }) => id as string,
    before: before === undefined ? undefined : keyOf(kind, before).id,
    limit,
    budget: BUDGET,
  });
  const next = stoppedAt?.slice(kind.length + 1);
  return { items, next: next === undefined ? undefined : encodeCursor(CURSOR[kind], next) };
}

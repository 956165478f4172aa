import * as z from "zod/mini";
import type { Ctx } from "../../ctx.ts";
import { iso } from "../../id.ts";
import { cursor, pageLimit } from "../../nodes/schema.ts";
import { decodeCursor, encodeCursor } from "../../store/cursor.ts";
import type { Page } from "../../store/newest.ts";
import { isOn } from "./family.ts";
import { getSessions, idsOf } from "./items.ts";
import type { SessionRecord } from "./record.ts";

export const sessionsInput = z.object({ limit: pageLimit, cursor });

export const byId = z.object({
  id: z.string().check(z.minLength(1), z.maxLength(64, "Must have at most 64 characters")),
});

/** A session as its user sees it. `current` is the one that asks. */
export const sessionView = z.object({
  id: z.string(),
  device: z.nullable(z.string()),
  address: z.nullable(z.string()),
  created_at: z.string(),
  last_used: z.string(),
  expires_at: z.string(),
  current: z.boolean(),
});
export type SessionView = z.output<typeof sessionView>;

const CURSOR = "sessions";
const place = z.uuid();

/**
 * The sessions of a user that go on, newest first. A page may hold fewer than `limit`: it is the last only when it has no `next`.
 *
 * @param user who asks, and in which session
 * @throws Malformed for a cursor that this listing did not give.
 */
export async function listOwn(
  ctx: Ctx,
  user: { readonly id: string; readonly session: string },
  asked: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<SessionView>> {
  const before = asked.cursor === undefined ? undefined : decodeCursor(CURSOR, place, asked.cursor);
  const { ids, more } = await idsOf(ctx.store, user.id, { before, limit: asked.limit });
  const found = new Map((await getSessions(ctx.store, ids)).map((session) => [session.id, session]));
  const on = ids.flatMap((id) => {
    const session = found.get(id);
    return session && isOn(session, ctx.now()) ? [session] : [];
  });
  return {
    items: on.map((session) => viewOf(session, user.session)),
    next: more ? encodeCursor(CURSOR, ids.at(-1)) : undefined,
  };
}

function viewOf(session: SessionRecord, current: string): SessionView {
  return {
    id: session.id,
    device: session.device ?? null,
    address: session.address ?? null,
    created_at: iso(session.created_at),
    last_used: iso(session.last_used),
    expires_at: iso(session.expires_at_ms),
    current: session.id === current,
  };
}

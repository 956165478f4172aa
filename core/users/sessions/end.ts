import { Audit } from "../../audit/index.ts";
import type { Ctx } from "../../ctx.ts";
import { NotFound, Unavailable } from "../../errors.ts";
import { type TransactItem, transact } from "../../store/index.ts";
import { isOn, standingOf } from "./family.ts";
import { getSession, idsOf, isListed, sessionDelete } from "./items.ts";
import { forget } from "./live.ts";
import type { SessionRecord } from "./record.ts";
import { parseRefreshToken } from "./token.ts";

const TRIES = 6;
/** Sessions that one transaction ends: two items each, and room for what goes with them. */
export const AT_ONCE = 48;

/** Why a session ended, as the audit has it. */
export type Cause = "logout" | "ended by its user" | "reuse of a spent token" | "another password";

/** Ends a session: at once here, within five seconds everywhere. One that has ended stays so. */
export function end(
  ctx: Ctx,
  { id, user_id }: Pick<SessionRecord, "id" | "user_id">,
  cause: Cause,
): Promise<void> {
  return endAll(ctx, user_id, [id], cause);
}

/** Ends a session in its user's scope. @throws NotFound when the user has none of this id. */
export async function endOwn(ctx: Ctx, userId: string, id: string): Promise<void> {
  if (!(await isListed(ctx.store, userId, id))) throw new NotFound(`There is no session ${id}.`);
  await end(ctx, { id, user_id: userId }, "ended by its user");
}

/** Ends the session of a refresh token, also of a spent one. A token that is not one of its session's ends nothing. */
export async function endByToken(ctx: Ctx, text: string): Promise<void> {
  const token = parseRefreshToken(text);
  const session = token && (await getSession(ctx.store, token.session));
  if (!token || !session || !isOn(session, ctx.now())) return;
  if (standingOf(session, token, ctx.now()).kind !== "foreign") await end(ctx, session, "logout");
}

/** Ends these sessions of a user. */
export async function endAll(ctx: Ctx, userId: string, ids: readonly string[], cause: Cause): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const row = endRow(ctx, userId, some, cause);
    const ending = some.flatMap((id) => sessionDelete(ctx.store, userId, id));
    await insist(ctx, () => transact(ctx.store, [...ending, row]));
    for (const id of some) forget(ctx, id);
  }
}

/** The audit's row of sessions of a user that end together. */
export function endRow(ctx: Ctx, userId: string, ids: readonly string[], cause: Cause): TransactItem {
  const [id, ...others] = ids;
  const target = others.length === 0 && id !== undefined ? id : userId;
  const detail = { cause, count: ids.length, user_id: userId };
  return Audit.auditRow(ctx, { action: "session.end", target, result: "done", detail });
}

/** The ids of all sessions of a user, newest first. */
export async function allOf(ctx: Ctx, userId: string): Promise<string[]> {
  const all: string[] = [];
  for (let more = true; more; ) {
    const page = await idsOf(ctx.store, userId, { before: all.at(-1), limit: 1000 });
    all.push(...page.ids);
    more = page.more;
  }
  return all;
}

/** A delete without a condition loses only to who writes at that moment. */
async function insist(ctx: Ctx, write: () => Promise<boolean>): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) {
    if (await write()) return;
    await new Promise((resolve) => setTimeout(resolve, ctx.random() * 10 * 2 ** tries));
  }
  throw new Unavailable("The session is being written by others; try again.");
}

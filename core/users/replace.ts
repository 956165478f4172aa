import { Audit } from "../audit/index.ts";
import type { Ctx } from "../ctx.ts";
import { type TransactItem, transact } from "../store/index.ts";
import { userReplace } from "./items.ts";
import type { UserRecord } from "./record.ts";
import { AT_ONCE, allOf, endAll, endRow } from "./sessions/end.ts";
import { getSession, getSessions, sessionDelete, sessionReplace } from "./sessions/items.ts";
import { forget } from "./sessions/live.ts";

/** Beside the sessions that a transaction ends, it writes the user, its email, the session that is kept and the audit: 98 items. */
const WITH_CHANGE = AT_ONCE - 2;

/**
 * Writes the next revision of a user. With another password, all its sessions end but `kept`: the newest 46 in the same transaction, the
 * rest after it; were it cut off in between, these could no longer be refreshed.
 *
 * @returns false when somebody else wrote meanwhile, or the new email is taken.
 */
export async function replaceUser(
  ctx: Ctx,
  before: UserRecord,
  after: UserRecord,
  { action, kept }: { readonly action: `user.${string}`; readonly kept?: string },
): Promise<boolean> {
  const change = [...userReplace(ctx.store, before, after), rowOf(ctx, action, before, after)];
  if (after.password_epoch === before.password_epoch) return transact(ctx.store, change);
  const carried = kept === undefined ? [] : await carry(ctx, kept, after.password_epoch);
  const others = (await allOf(ctx, after.id)).filter((id) => id !== kept);
  const first = others.slice(0, WITH_CHANGE);
  const ending = first.flatMap((id) => sessionDelete(ctx.store, after.id, id));
  const row = first.length === 0 ? [] : [endRow(ctx, after.id, first, "another password")];
  if (!(await transact(ctx.store, [...change, ...carried, ...ending, ...row]))) return false;
  for (const id of first) forget(ctx, id);
  await endOlder(ctx, after);
  return true;
}

/** Takes a session over to the new password. */
async function carry(ctx: Ctx, id: string, password_epoch: number): Promise<TransactItem[]> {
  const session = await getSession(ctx.store, id);
  if (!session) return [];
  const after = { ...session, password_epoch, revision: session.revision + 1 };
  return sessionReplace(ctx.store, session, after);
}

/** Ends what is left of older passwords, with what began between the first look and the change; who came by the new one stays. */
async function endOlder(ctx: Ctx, user: UserRecord): Promise<void> {
  const left = await getSessions(ctx.store, await allOf(ctx, user.id));
  const older = left.filter(({ password_epoch }) => password_epoch < user.password_epoch);
  await endAll(
    ctx,
    user.id,
    older.map(({ id }) => id),
    "another password",
  );
}

/** What changed, by name: the audit keeps no password, and no email that was left. */
function rowOf(ctx: Ctx, action: `user.${string}`, before: UserRecord, after: UserRecord): TransactItem {
  const changed = (["email", "full_name", "role"] as const).filter((name) => after[name] !== before[name]);
  const isOther = after.password_epoch !== before.password_epoch;
  const detail = { changed: [...changed, ...(isOther ? ["password"] : [])] };
  return Audit.auditRow(ctx, { action, target: after.id, result: "done", detail });
}

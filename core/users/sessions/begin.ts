import { Audit } from "../../audit/index.ts";
import type { Ctx } from "../../ctx.ts";
import { Unavailable } from "../../errors.ts";
import { listedUntil, REFRESH_TOKEN_MS } from "./family.ts";
import { insertSession } from "./items.ts";
import type { SessionRecord } from "./record.ts";
import { firstToken, formatRefreshToken, hashOf, makeKey } from "./token.ts";

const MAX_DEVICE = 256;

/**
 * Begins a session of a user under a new id, from where `ctx` calls.
 *
 * @returns its first refresh token.
 */
export async function begin(
  ctx: Ctx,
  id: string,
  user: { readonly id: string; readonly password_epoch: number },
): Promise<string> {
  const now = ctx.now();
  const family_key = makeKey();
  const token = firstToken(id, family_key);
  const expires_at_ms = now + REFRESH_TOKEN_MS;
  const session: SessionRecord = {
    id,
    user_id: user.id,
    password_epoch: user.password_epoch,
    device: deviceOf(ctx),
    address: ctx.caller?.remoteAddr,
    created_at: now,
    last_used: now,
    expires_at_ms,
    listed_until: listedUntil(expires_at_ms),
    family_key,
    current: hashOf(token),
    spent: [],
    revision: 1,
  };
  // Nobody else writes under a new id; the transaction loses only to a store that is busy with it.
  const row = Audit.auditRow(ctx, {
    action: "session.begin",
    target: id,
    result: "done",
    actor: `user:${user.id}`,
  });
  if (!(await insertSession(ctx.store, session, [row])))
    throw new Unavailable("The session could not begin; try again.");
  return formatRefreshToken(token);
}

/** What the caller says it is, in printable characters. */
function deviceOf({ caller }: Ctx): string | undefined {
  const said = caller?.userAgent?.replace(/[\p{C}]+/gu, " ").trim();
  return said ? said.slice(0, MAX_DEVICE).toWellFormed() : undefined;
}

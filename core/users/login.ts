import { Audit } from "../audit/index.ts";
import type { Ctx } from "../ctx.ts";
import { Unauthenticated } from "../errors.ts";
import { newId } from "../id.ts";
import { verb } from "../verb.ts";
import { grantOf } from "./grant.ts";
import { getUser, idOfEmail, replaceHash } from "./items.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import type { UserRecord } from "./record.ts";
import { type GrantView, loginInput } from "./schema.ts";
import { Sessions } from "./sessions/index.ts";

/**
 * Begins a session. An email that nobody has costs the same reads and the same hash as a wrong password, and is answered the same.
 *
 * @throws Unauthenticated, LimitExceeded when too many log in at this moment.
 */
export const login = verb(loginInput, async (ctx, { email, password }): Promise<GrantView> => {
  const user = await getUser(ctx.store, (await idOfEmail(ctx.store, email)) ?? newId(ctx));
  const verdict = await verifyPassword(ctx, password, user?.password_hash);
  if (!user || !verdict.matches) {
    await Audit.record(ctx, { action: "login.refuse", target: email, result: "refused" });
    throw refused();
  }
  if (verdict.weak) await upgrade(ctx, user, password);
  const session = newId(ctx);
  const granted = await grantOf(ctx, user, session);
  const refresh_token = await Sessions.begin(ctx, session, user);
  // A change of the password ends the sessions that it finds: one that began while it was made is found here, or there.
  const newest = await getUser(ctx.store, user.id);
  if (newest?.password_epoch !== user.password_epoch) {
    await Sessions.end(ctx, { id: session, user_id: user.id }, "another password");
    throw refused();
  }
  return { ...granted, refresh_token };
});

/** Makes a hash anew of the password that was just verified, unless somebody changed it since. */
async function upgrade(ctx: Ctx, user: UserRecord, password: string): Promise<void> {
  const hash = await hashPassword(ctx, password);
  if (await replaceHash(ctx.store, user.id, user.password_hash, hash)) {
    ctx.log.info("A password hash was made anew", { request_id: ctx.requestId, user: user.id });
  }
}

function refused(): Unauthenticated {
  return new Unauthenticated("The email or the password is not right.");
}

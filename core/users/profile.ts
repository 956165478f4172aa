import { isDeepStrictEqual } from "node:util";
import type { Ctx } from "../ctx.ts";
import { Conflict, Forbidden, Invalid, Stale, Unauthenticated } from "../errors.ts";
import { ifMatchAllows } from "../nodes/etag.ts";
import { parseOrThrow, type Verb, verb } from "../verb.ts";
import { requireSignedIn } from "./caller.ts";
import { getUser, idOfEmail } from "./items.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import type { UserRecord } from "./record.ts";
import { replaceUser } from "./replace.ts";
import { refuseReserved } from "./reserved.ts";
import { profileInput, type UserView, updateProfileInput } from "./schema.ts";
import { viewOf } from "./view.ts";
import { pause, TRIES } from "./write.ts";

type Amendment = ReturnType<typeof parseOrThrow<typeof updateProfileInput>>;

/** The caller's own profile. @throws Unauthenticated. */
export const profile = verb(profileInput, async (ctx): Promise<UserView> => viewOf(await own(ctx)));

/**
 * Changes the caller's own profile. Another password ends all sessions but the caller's.
 *
 * @throws Unauthenticated; Forbidden for a wrong current password, a role, or another field that is not the caller's to write; Invalid when
 * the current password is missing; Conflict when the email is taken; Stale; LimitExceeded.
 */
export const updateProfile: Verb<typeof updateProfileInput, UserView> = Object.assign(
  async (ctx: Ctx, input: unknown) => {
    const user = await own(ctx);
    refuseReserved(input, viewOf(user));
    return viewOf(await amend(ctx, user, parseOrThrow(updateProfileInput, input, "The request")));
  },
  { schema: updateProfileInput },
);

async function amend(ctx: Ctx, first: UserRecord, asked: Amendment): Promise<UserRecord> {
  const { session } = requireSignedIn(ctx);
  if (!ifMatchAllows(asked.if_match, first.revision)) throw stale(first);
  await requirePassword(ctx, first, asked);
  const password_hash = asked.password === undefined ? undefined : await hashPassword(ctx, asked.password);
  let before = first;
  for (let tries = 1; tries <= TRIES; tries++) {
    const after = amended(before, asked, password_hash, ctx.now());
    if (isDeepStrictEqual(after, before)) return before;
    if (await replaceUser(ctx, before, after, { action: "user.update", kept: session })) return after;
    await requireFree(ctx, after);
    await pause(ctx, tries);
    before = await own(ctx);
    if (!ifMatchAllows(asked.if_match, before.revision)) throw stale(before);
    // What was verified was the password of then.
    if (before.password_epoch !== first.password_epoch) await requirePassword(ctx, before, asked);
  }
  throw new Conflict("The profile is being changed by others; try again.");
}

/** Who holds no more than an access token can't take the account over: what it logs in with needs the password. */
async function requirePassword(ctx: Ctx, user: UserRecord, asked: Amendment): Promise<void> {
  const isOther = asked.password !== undefined || (asked.email !== undefined && asked.email !== user.email);
  if (!isOther) return;
  if (asked.current_password === undefined) {
    const issue = { path: "current_password", message: "Is required to change the email or the password" };
    throw new Invalid(`${issue.path}: ${issue.message}.`, [issue]);
  }
  const { matches } = await verifyPassword(ctx, asked.current_password, user.password_hash);
  if (!matches) throw new Forbidden("The current password is not right.");
}

function amended(
  before: UserRecord,
  asked: Amendment,
  password_hash: string | undefined,
  now: number,
): UserRecord {
  const after = {
    ...before,
    email: asked.email ?? before.email,
    ...(asked.full_name === undefined ? {} : { full_name: asked.full_name ?? undefined }),
    ...(password_hash === undefined ? {} : { password_hash, password_epoch: before.password_epoch + 1 }),
  };
  if (isDeepStrictEqual(viewOf(after), viewOf(before)) && password_hash === undefined) return before;
  return { ...after, updated_at: Math.max(now, before.updated_at), revision: before.revision + 1 };
}

async function requireFree(ctx: Ctx, { id, email }: UserRecord): Promise<void> {
  const holder = await idOfEmail(ctx.store, email);
  if (holder !== null && holder !== id) throw new Conflict("There is an account with this email already.");
}

async function own(ctx: Ctx): Promise<UserRecord> {
  const user = await getUser(ctx.store, requireSignedIn(ctx).id);
  if (!user) throw new Unauthenticated("The account is no more.");
  return user;
}

function stale(user: UserRecord): Stale {
  return new Stale(`The profile has changed: its revision is ${user.revision} now.`);
}

import type * as z from "zod/mini";
import { type Ctx, describeActor } from "../../core/ctx.ts";
import { Forbidden, Unauthenticated } from "../../core/errors.ts";
import { Limits } from "../../core/limits/index.ts";
import { type GrantView, Users, type UserView } from "../../core/users/index.ts";
import { parseRefreshToken } from "../../core/users/sessions/token.ts";
import { parseOrThrow } from "../../core/verb.ts";
import { addressOf } from "./limited.ts";

/**
 * Logs in, as long as neither the address nor the account has failed too often. It is counted before the password is looked at, so that
 * guesses side by side count as guesses in a row do, and given back where it was no wrong password.
 *
 * @throws LimitExceeded, and as `Users.login` does
 */
export async function limitedLogin(ctx: Ctx, input: z.input<typeof Users.login.schema>): Promise<GrantView> {
  const asked = parseOrThrow(Users.login.schema, input, "The request");
  const takes = [
    { name: "login_address", key: addressOf(ctx) },
    { name: "login_account", key: asked.email },
  ] as const;
  await Limits.takeAll(ctx, takes);
  try {
    const granted = await Users.login(ctx, asked);
    await giveBack(ctx, takes);
    return granted;
  } catch (error) {
    if (!(error instanceof Unauthenticated)) await giveBack(ctx, takes);
    throw error;
  }
}

/**
 * Changes the caller's profile, as long as its present password was not got wrong too often: whoever came by an access token does not guess
 * the password with it.
 *
 * @throws LimitExceeded, and as `Users.updateProfile` does
 */
export async function limitedProfile(
  ctx: Ctx,
  input: z.input<typeof Users.updateProfile.schema>,
): Promise<UserView> {
  if (input.current_password === undefined) return Users.updateProfile(ctx, input);
  const takes = [{ name: "login_account", key: describeActor(ctx.actor) }] as const;
  await Limits.takeAll(ctx, takes);
  try {
    const user = await Users.updateProfile(ctx, input);
    await giveBack(ctx, takes);
    return user;
  } catch (error) {
    if (!(error instanceof Forbidden)) await giveBack(ctx, takes);
    throw error;
  }
}

/** What can't be given back is gone in a quarter of an hour, and no reason to refuse who is in. */
async function giveBack(ctx: Ctx, takes: readonly Limits.Take[]): Promise<void> {
  const given = await Promise.allSettled(takes.map((take) => Limits.giveBack(ctx, take)));
  for (const one of given) {
    if (one.status === "rejected")
      ctx.log.warn("A login could not be given back", {
        request_id: ctx.requestId,
        error: String(one.reason),
      });
  }
}

/** Refreshes, as long as neither the address nor the session does so too often. @throws LimitExceeded, and as `Users.refresh` does */
export async function limitedRefresh(
  ctx: Ctx,
  input: z.input<typeof Users.refresh.schema>,
): Promise<GrantView> {
  const asked = parseOrThrow(Users.refresh.schema, input, "The request");
  const session = parseRefreshToken(asked.refresh_token)?.session;
  const byAddress = { name: "refresh_address", key: addressOf(ctx) } as const;
  if (session === undefined) await Limits.take(ctx, byAddress);
  else await Limits.takeAll(ctx, [byAddress, { name: "refresh_session", key: session }]);
  return Users.refresh(ctx, asked);
}

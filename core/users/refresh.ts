import { verb } from "../verb.ts";
import { grantOf } from "./grant.ts";
import { getUser } from "./items.ts";
import { type GrantView, refreshInput } from "./schema.ts";
import { Sessions } from "./sessions/index.ts";

/**
 * Turns a refresh token into the next one and a new access token, in the user's present role.
 *
 * @throws Unauthenticated for a token that is not good; one that was spent more than ten seconds ago ends its session.
 */
export const refresh = verb(refreshInput, async (ctx, { refresh_token }): Promise<GrantView> => {
  const { refreshToken, granted } = await Sessions.turn(ctx, refresh_token, async (session) => {
    const user = await getUser(ctx.store, session.user_id);
    const isCurrent = user !== null && user.password_epoch === session.password_epoch;
    return isCurrent ? grantOf(ctx, user, session.id) : null;
  });
  return { ...granted, refresh_token: refreshToken };
});

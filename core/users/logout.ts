import { Unauthenticated } from "../errors.ts";
import { verb } from "../verb.ts";
import { requireSignedIn, signedIn } from "./caller.ts";
import { logoutInput } from "./schema.ts";
import { Sessions } from "./sessions/index.ts";
import { byId, sessionsInput } from "./sessions/list.ts";

/**
 * Ends the caller's session, and the one of a refresh token: whose access token has expired logs out with that. What has ended already is
 * no error.
 *
 * @throws Unauthenticated without either.
 */
export const logout = verb(logoutInput, async (ctx, { refresh_token }): Promise<void> => {
  const caller = signedIn(ctx);
  if (!caller && refresh_token === undefined) {
    throw new Unauthenticated("This needs an access token, or a refresh token in the body.");
  }
  if (refresh_token !== undefined) await Sessions.endByToken(ctx, refresh_token);
  if (caller) await Sessions.end(ctx, { id: caller.session, user_id: caller.id }, "logout");
});

/** The caller's sessions, newest first. @throws Unauthenticated, Malformed for a cursor that this listing did not give. */
export const listSessions = verb(sessionsInput, async (ctx, asked) =>
  Sessions.listOwn(ctx, requireSignedIn(ctx), asked),
);

/** Ends one of the caller's sessions. @throws Unauthenticated, NotFound for another's. */
export const endSession = verb(
  byId,
  async (ctx, { id }): Promise<void> => Sessions.endOwn(ctx, requireSignedIn(ctx).id, id),
);

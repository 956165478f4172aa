import type { Ctx } from "../../ctx.ts";
import { LimitExceeded, Unauthenticated, Unavailable } from "../../errors.ts";
import { end } from "./end.ts";
import { GRACE_MS, isOn, standingOf, turned } from "./family.ts";
import { getSession, replaceSession } from "./items.ts";
import type { SessionRecord } from "./record.ts";
import { formatRefreshToken, makeKey, parseRefreshToken, type RefreshToken } from "./token.ts";

/** Each try that is lost means that another refreshed, which the next one finds. */
const TRIES = 6;

/**
 * Turns a refresh token into the next one. All who bring one token, at once or within ten seconds, get the same; one that is brought later
 * has two bearers, so its session ends.
 *
 * @param grant is asked before the token is spent, so that what it throws leaves the token good; null ends the session
 * @returns the token that is good now, and what `grant` gave.
 * @throws Unauthenticated for a token that is not good, LimitExceeded when a session is refreshed more than 32 times in ten seconds.
 */
export async function turn<T>(
  ctx: Ctx,
  text: string,
  grant: (session: SessionRecord) => Promise<T | null>,
): Promise<{ refreshToken: string; granted: T }> {
  const token = parseRefreshToken(text);
  if (!token) throw refused();
  for (let tries = 1; tries <= TRIES; tries++) {
    const session = await getSession(ctx.store, token.session);
    if (!session || !isOn(session, ctx.now())) throw refused();
    const standing = standingOf(session, token, ctx.now());
    if (standing.kind === "foreign") throw refused();
    const granted = standing.kind === "reused" ? null : await grant(session);
    if (granted === null) {
      await end(ctx, session, standing.kind === "reused" ? "reuse of a spent token" : "another password");
      if (standing.kind === "reused") warn(ctx, session);
      throw refused();
    }
    const current = standing.kind === "recent" ? standing.current : await spend(ctx, session, token);
    if (current) return { refreshToken: formatRefreshToken(current), granted };
  }
  throw new Unavailable("The session is being refreshed by others; try again.");
}

/** @returns the token that is good after `token`, or null when another caller was first. */
async function spend(ctx: Ctx, session: SessionRecord, token: RefreshToken): Promise<RefreshToken | null> {
  const after = turned(session, token, { salt: makeKey(), now: ctx.now() });
  if (!after) throw new LimitExceeded("The session is refreshed too often; try again.", GRACE_MS / 1000);
  const address = ctx.caller?.remoteAddr ?? session.address;
  const written = await replaceSession(ctx.store, session, { ...after.session, address });
  return written ? after.next : null;
}

function warn(ctx: Ctx, session: SessionRecord): void {
  ctx.log.warn("A spent refresh token came again, so its session was ended", {
    request_id: ctx.requestId,
    session: session.id,
    user: session.user_id,
    address: ctx.caller?.remoteAddr,
  });
}

function refused(): Unauthenticated {
  return new Unauthenticated("The refresh token is not valid.");
}

import type { Ctx } from "../ctx.ts";
import { Tokens } from "../tokens/index.ts";
import type { UserRecord } from "./record.ts";
import type { GrantView } from "./schema.ts";
import { viewOf } from "./view.ts";

/** What a session of a user is answered with, but for its refresh token. */
export async function grantOf(
  ctx: Ctx,
  user: UserRecord,
  session: string,
): Promise<Omit<GrantView, "refresh_token">> {
  const { token, expiresInS } = await Tokens.issue(ctx, { sub: user.id, role: user.role, sid: session });
  return { access_token: token, token_type: "Bearer", expires_in: expiresInS, user: viewOf(user) };
}

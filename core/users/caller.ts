import type { Ctx } from "../ctx.ts";
import { Unauthenticated } from "../errors.ts";

/** The user who calls, and the session it calls in. */
export interface SignedIn {
  readonly id: string;
  readonly session: string;
}

/** Who is signed in; null when it is no user who calls. */
export function signedIn({ actor }: Ctx): SignedIn | null {
  return actor.kind === "user" || actor.kind === "admin" ? { id: actor.id, session: actor.session } : null;
}

/** @throws Unauthenticated when it is no user who calls. */
export function requireSignedIn(ctx: Ctx): SignedIn {
  const caller = signedIn(ctx);
  if (!caller) throw new Unauthenticated("This needs an access token of a user: log in first.");
  return caller;
}

import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller } from "../../contract/endpoint.ts";
import type { Config } from "../../core/config.ts";
import type { Actor } from "../../core/ctx.ts";
import { Forbidden, Unauthenticated } from "../../core/errors.ts";

const ANYONE: Actor = { kind: "anyone" };

/**
 * Who is calling, by the `Authorization` header: the one place where a credential becomes an actor.
 *
 * @throws Unauthenticated for a credential that is not valid; none at all is `anyone`.
 */
export function actorOf(config: Config, authorization: string | undefined): Actor {
  if (authorization === undefined) return ANYONE;
  const [scheme, token, ...rest] = authorization.split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !token || rest.length > 0) {
    throw new Unauthenticated("The Authorization header must be `Bearer <key>`.");
  }
  if (!config.ARX_ADMIN_KEY || !sameSecret(token, config.ARX_ADMIN_KEY)) {
    throw new Unauthenticated("The key is not valid.");
  }
  return { kind: "admin", id: "key" };
}

/** Compared as digests, so that neither content nor length shows in the time it takes. */
function sameSecret(given: string, known: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(known));
}

/** @throws Unauthenticated or Forbidden unless `actor` may call what asks for `who`. */
export function authorise(actor: Actor, who: Caller): void {
  if (who === "anyone" || actor.kind === "admin") return;
  if (actor.kind === "anyone")
    throw new Unauthenticated("This needs the admin key: `Authorization: Bearer <key>`.");
  throw new Forbidden("Only an admin may do this.");
}

import type { Actor, World } from "../../core/ctx.ts";
import { Unauthenticated } from "../../core/errors.ts";
import { authenticate } from "../../core/keys/authenticate.ts";
import { verify } from "../../core/tokens/verify.ts";
import { isLive } from "../../core/users/sessions/live.ts";

/**
 * Who is calling, by the `Authorization` header: the one place where a credential becomes an actor. In a chunk of its own, which a function
 * loads with the first credential: those who route without one never wait for it.
 *
 * @throws Unauthenticated for a credential that is not valid, or no longer
 */
export async function identify(world: World, authorization: string): Promise<Actor> {
  const [scheme, credential, ...rest] = authorization.split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !credential || rest.length > 0) {
    throw new Unauthenticated("The Authorization header must be `Bearer <credential>`.");
  }
  return credential.startsWith("arx_") ? ofKey(world, credential) : ofToken(world, credential);
}

async function ofKey(world: World, credential: string): Promise<Actor> {
  const identity = await authenticate(world, credential);
  if (!identity) throw new Unauthenticated("The key is not valid.");
  const { kind, id } = identity;
  if (kind === "service") return { kind, id, scopes: identity.scopes };
  if (kind === "node") return { kind, id, key_id: identity.key_id };
  return { kind, id, preset: identity.preset, expires_at: identity.expires_at };
}

async function ofToken(world: World, token: string): Promise<Actor> {
  const { sub, role, sid } = await verify(world, token);
  if (!(await isLive(world, sid))) throw new Unauthenticated("The session has ended: log in again.");
  return { kind: role, id: sub, session: sid };
}

import type { Ctx } from "../../core/ctx.ts";
import { newId } from "../../core/id.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { type GrantView, Sessions, Users } from "../../core/users/index.ts";
import type { SigningWorld } from "../tokens/factory.ts";

export const PASSWORD = "correct horse battery";

let made = 0;

/** An email that no other test has. */
export function newEmail(): string {
  made++;
  return `user-${made}@example.com`;
}

/** A call of somebody who brings no access token. */
export function anyone(world: SigningWorld, userAgent = "test/1.0", remoteAddr = "192.0.2.1"): Ctx {
  return {
    ...world,
    actor: { kind: "anyone" },
    requestId: "test",
    caller: { userAgent, remoteAddr },
  };
}

/** A call with the access token of a grant, as the edge makes it of one. */
export async function bearing(world: SigningWorld, grant: GrantView): Promise<Ctx> {
  const { sub, role, sid } = await Tokens.verify(world, grant.access_token);
  return { ...anyone(world), actor: { kind: role, id: sub, session: sid } };
}

/** The session that a grant is of. */
export async function sessionOf(world: SigningWorld, grant: GrantView): Promise<string> {
  return (await Tokens.verify(world, grant.access_token)).sid;
}

/** A new user, logged in. */
export async function newcomer(world: SigningWorld): Promise<{ email: string; grant: GrantView; ctx: Ctx }> {
  const email = newEmail();
  await Users.register(anyone(world), { email, password: PASSWORD });
  const grant = await Users.login(anyone(world), { email, password: PASSWORD });
  return { email, grant, ctx: await bearing(world, grant) };
}

/** Sessions of a user beside the one that it is logged in with, without the price of logging in. */
export function sessionsOf(
  world: SigningWorld,
  grant: GrantView,
  count: number,
): Promise<{ id: string; refresh_token: string }[]> {
  const user = { id: grant.user.id, password_epoch: 1 };
  return Promise.all(
    Array.from({ length: count }, async () => {
      const id = newId(world);
      return { id, refresh_token: await Sessions.begin(anyone(world), id, user) };
    }),
  );
}

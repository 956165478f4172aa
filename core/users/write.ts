import { Audit } from "../audit/index.ts";
import type { Ctx } from "../ctx.ts";
import { Conflict } from "../errors.ts";
import { newId } from "../id.ts";
import { transact } from "../store/index.ts";
import { idOfEmail, userInsert } from "./items.ts";
import type { Role, UserRecord } from "./record.ts";

/** Tries a write has; each one lost means that somebody else wrote there. */
export const TRIES = 8;

/** Up to 10 ms after the first lost write, doubling, so that rivals part ways. */
export function pause(ctx: Ctx, tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ctx.random() * 5 * 2 ** tries));
}

export interface NewUser {
  readonly email: string;
  readonly full_name?: string | null | undefined;
  readonly role: Role;
  readonly password_hash: string;
}

/** Makes a user; the audit has it under `action`. @returns null when the email is taken. */
export async function insertUser(
  ctx: Ctx,
  given: NewUser,
  action: `user.${string}`,
): Promise<UserRecord | null> {
  const at = ctx.now();
  const user: UserRecord = {
    id: newId(ctx),
    email: given.email,
    full_name: given.full_name ?? undefined,
    role: given.role,
    password_hash: given.password_hash,
    password_epoch: 1,
    created_at: at,
    updated_at: at,
    revision: 1,
  };
  const detail = { email: user.email, role: user.role };
  const row = Audit.auditRow(ctx, { action, target: user.id, result: "done", detail });
  for (let tries = 1; tries <= TRIES; tries++) {
    if (await transact(ctx.store, [...userInsert(ctx.store, user), row])) return user;
    if ((await idOfEmail(ctx.store, user.email)) !== null) return null;
    await pause(ctx, tries);
  }
  throw new Conflict("Somebody registers with this email at this moment; try again.");
}

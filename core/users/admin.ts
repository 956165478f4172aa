import * as z from "zod/mini";
import type { Ctx } from "../ctx.ts";
import { Conflict, Invalid } from "../errors.ts";
import { text } from "../nodes/fields.ts";
import { verb } from "../verb.ts";
import { getUser, idOfEmail } from "./items.ts";
import { hashPassword, isPasswordHash, verifyPassword } from "./password.ts";
import { ROLES, type UserRecord } from "./record.ts";
import { replaceUser } from "./replace.ts";
import { email, registerInput, type UserView } from "./schema.ts";
import { viewOf } from "./view.ts";
import { insertUser } from "./write.ts";

const createAdminInput = z.extend(registerInput, {
  /** Makes whoever has this email an admin with this password, and ends its sessions: for who has lost the password. */
  reset: z.optional(z.boolean()),
});

/**
 * Makes an admin: the bootstrap of a stage, for its operator's scripts and no endpoint. One who is an admin with this very password already
 * stays as it is.
 *
 * @returns the admin; `outcome` tells what was done.
 * @throws Conflict when the email is taken by another account, unless `reset`.
 */
export const createAdmin = verb(
  createAdminInput,
  async (ctx, { password, reset, ...given }): Promise<{ user: UserView; outcome: Outcome }> => {
    const password_hash = await hashPassword(ctx, password);
    const made = await insertUser(ctx, { ...given, role: "admin", password_hash }, "user.create_admin");
    if (made) return { user: viewOf(made), outcome: "created" };
    const user = await userOf(ctx, given.email);
    if (user.role === "admin" && (await verifyPassword(ctx, password, user.password_hash)).matches) {
      return { user: viewOf(user), outcome: "present" };
    }
    if (!reset)
      throw new Conflict("There is an account with this email already, with another password or role.");
    const after: UserRecord = {
      ...user,
      ...(given.full_name ? { full_name: given.full_name } : {}),
      role: "admin",
      password_hash,
      password_epoch: user.password_epoch + 1,
      updated_at: Math.max(ctx.now(), user.updated_at),
      revision: user.revision + 1,
    };
    if (!(await replaceUser(ctx, user, after, { action: "user.reset_admin" })))
      throw new Conflict("The account is being changed; try again.");
    return { user: viewOf(after), outcome: "reset" };
  },
);

type Outcome = "created" | "present" | "reset";

const importUserInput = z.object({
  email,
  full_name: z.nullish(text(200)),
  role: z.prefault(z.enum(ROLES), "user"),
  /** Argon2id as a PHC string, or bcrypt. */
  password_hash: z.string().check(z.maxLength(512)),
});

/**
 * Brings a user of an older system, by the hash of its password, which is made anew when it first logs in: for its operator's scripts and
 * no endpoint.
 *
 * @throws Conflict when the email is taken, Invalid for a hash of another kind.
 */
export const importUser = verb(importUserInput, async (ctx, given): Promise<UserView> => {
  if (!isPasswordHash(given.password_hash)) {
    const issue = { path: "password_hash", message: "Must be a hash of Argon2id (PHC) or bcrypt" };
    throw new Invalid(`${issue.path}: ${issue.message}.`, [issue]);
  }
  const user = await insertUser(ctx, given, "user.import");
  if (!user) throw new Conflict("There is an account with this email already.");
  return viewOf(user);
});

async function userOf(ctx: Ctx, email: string): Promise<UserRecord> {
  const id = await idOfEmail(ctx.store, email);
  const user = id === null ? null : await getUser(ctx.store, id);
  if (!user) throw new Conflict("The account with this email is being changed; try again.");
  return user;
}

import { Conflict } from "../errors.ts";
import { type Verb, verb } from "../verb.ts";
import { hashPassword } from "./password.ts";
import { refuseReserved } from "./reserved.ts";
import { registerInput, type UserView } from "./schema.ts";
import { viewOf } from "./view.ts";
import { insertUser } from "./write.ts";

const make = verb(registerInput, async (ctx, { password, ...given }): Promise<UserView> => {
  const password_hash = await hashPassword(ctx, password);
  const user = await insertUser(ctx, { ...given, role: "user", password_hash }, "user.register");
  // That an address is taken can only be hidden by answering by mail, which Arx does not send; the limit on registering bounds asking.
  if (!user) throw new Conflict("There is an account with this email already.");
  return viewOf(user);
});

/**
 * Makes a user, never an admin.
 *
 * @throws Conflict when the email is taken, Forbidden for a role or another field that is not the caller's to write, LimitExceeded.
 */
export const register: Verb<typeof registerInput, UserView> = Object.assign(
  async (...[ctx, input]: Parameters<typeof make>) => {
    refuseReserved(input);
    return make(ctx, input);
  },
  { schema: registerInput },
);

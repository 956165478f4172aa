import { randomBytes } from "node:crypto";
import { type Ctx, systemCtx, type World } from "../../core/ctx.ts";
import { Invalid } from "../../core/errors.ts";
import { newId } from "../../core/id.ts";
import { Keys, SCOPE_NAMES } from "../../core/keys/index.ts";
import { SealBroken } from "../../core/sealing/index.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { Users } from "../../core/users/index.ts";
import { CannotStart } from "./cannot-start.ts";
import { keepSecret, keptSecret } from "./data-directory.ts";

/** Whom the local run lets in: an admin to log in as, and a service key with every scope for what is typed in a terminal. */
export interface Identities {
  readonly email: string;
  readonly password: string;
  /** Whether the password was made up here, so that nobody knows it yet. */
  readonly isMadeUp: boolean;
  readonly key: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const EMAIL = "admin@localhost";
const PASSWORD_FILE = "admin-password";
const KEY_FILE = "service-key";

/**
 * Makes the admin that the environment names, and a key; what is made up is kept in `directory`, and used again.
 *
 * @throws CannotStart for an email or a password that is none.
 */
export async function openIdentities(
  world: World,
  env: Environment,
  directory: string | undefined,
): Promise<Identities> {
  const ctx = systemCtx(world, "local", newId(world));
  const email = env.ARX_ADMIN_EMAIL || EMAIL;
  const given = env.ARX_ADMIN_PASSWORD || undefined;
  const password = given ?? madeUp(directory);
  await openSigningKey(ctx);
  try {
    // Whoever starts the local run owns its data: a password that it names now goes before the one from then.
    const { user } = await Users.createAdmin(ctx, { email, password, reset: true });
    return { email: user.email, password, isMadeUp: given === undefined, key: await keyOf(ctx, directory) };
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const each = error.issues.map(({ path, message }) => `ARX_ADMIN_${path.toUpperCase()}: ${message}`);
    throw new CannotStart(`The environment is not valid: ${each.join("; ")}.`, 2);
  }
}

/** What signed in a run before may be sealed by a key that is gone: that run kept nothing, or its file was removed. */
async function openSigningKey(ctx: Ctx): Promise<void> {
  try {
    await Tokens.issue(ctx, { sub: "nobody", role: "user", sid: "none" });
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    await Tokens.rotate(ctx, { compromised: true });
  }
}

function madeUp(directory: string | undefined): string {
  const kept = directory && keptSecret(directory, PASSWORD_FILE);
  if (kept) return kept;
  const password = randomBytes(18).toString("base64url");
  if (directory) keepSecret(directory, PASSWORD_FILE, password);
  return password;
}

/** The key of the run before, if it still holds. */
async function keyOf(ctx: Ctx, directory: string | undefined): Promise<string> {
  const kept = directory && keptSecret(directory, KEY_FILE);
  if (kept && (await Keys.authenticate(ctx, kept))) return kept;
  const { key } = await Keys.createKey(ctx, { name: "local run", scopes: SCOPE_NAMES });
  if (directory) keepSecret(directory, KEY_FILE, key);
  return key;
}

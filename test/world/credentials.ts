import { randomBytes } from "node:crypto";
import type { Ctx, World } from "../../core/ctx.ts";
import { Keys, SCOPE_NAMES, type Scope } from "../../core/keys/index.ts";
import { transact } from "../../core/store/index.ts";
import { type GrantView, Users } from "../../core/users/index.ts";
import { adminCtx } from "./ctx.ts";

export const PASSWORD = "correct horse battery";

/** Somebody who is logged in. */
export interface Account {
  readonly id: string;
  readonly email: string;
  /** The access token. */
  readonly token: string;
  readonly grant: GrantView;
}

/** A real credential of each kind, as whoever has it sends it: `Bearer …`. */
export interface Credentials {
  readonly admin: Account;
  readonly user: Account;
  /** A service key with every scope. */
  readonly service: string;
  /** The key of the node `nodeId`. */
  readonly node: string;
  readonly nodeId: string;
  /** A join token with uses to spare. */
  readonly join: string;
}

/** One of each kind. The node need not be there. */
export async function credentials(world: World, nodeId = "own-node"): Promise<Credentials> {
  const [admin, user, service, node, join] = await Promise.all([
    account(world, "admin"),
    account(world, "user"),
    serviceKey(world),
    nodeKey(world, nodeId),
    joinToken(world),
  ]);
  return { admin, user, service, node, nodeId, join };
}

/** A new account, logged in. Its session lasts a week from the world's time, and DynamoDB Local drops it then by the machine's. */
export async function account(world: World, role: "admin" | "user"): Promise<Account> {
  const ctx: Ctx = { ...world, actor: { kind: "anyone" }, requestId: "test" };
  const asked = { email: `${role}-${randomBytes(6).toString("hex")}@example.com`, password: PASSWORD };
  if (role === "admin") await Users.createAdmin(ctx, asked);
  else await Users.register(ctx, asked);
  const grant = await Users.login(ctx, asked);
  return { id: grant.user.id, email: asked.email, token: grant.access_token, grant };
}

/** A service key with these scopes, or all. */
export async function serviceKey(world: World, scopes: readonly Scope[] = SCOPE_NAMES): Promise<string> {
  return (await Keys.createKey(adminCtx(world), { name: "test", scopes: [...scopes] })).key;
}

/** The first key of a node, which need not be there. */
export async function nodeKey(world: World, nodeId: string): Promise<string> {
  const { key, write } = Keys.newNodeKey(adminCtx(world), nodeId);
  if (!(await transact(world.store, [write]))) throw new Error(`The key of ${nodeId} could not be written`);
  return key;
}

export async function joinToken(world: World, uses = 1000): Promise<string> {
  return (await Keys.createJoinToken(adminCtx(world), { uses })).token;
}

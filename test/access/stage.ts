import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { World } from "../../core/ctx.ts";
import { Keys } from "../../core/keys/index.ts";
import { Nodes } from "../../core/nodes/index.ts";
import { type GrantView, Users } from "../../core/users/index.ts";
import { describeNode } from "../nodes/factory.ts";
import { type Account, account, adminCtx, joinToken, PASSWORD } from "../world/index.ts";

/** A node and its key. */
export interface Keyed {
  readonly id: string;
  readonly key: string;
}

/** A world with one of each kind in it, and a second of those who own things. */
export interface Stage {
  readonly world: World;
  /** Where nodes of this stage answer: any path, as healthy. */
  readonly origin: string;
  readonly port: number;
  user: Account;
  other: Account;
  admin: Account;
  readonly node: Keyed;
  readonly otherNode: Keyed;
  readonly machine: string;
  /** A service key of every scope, that was deleted. */
  readonly ended: string;
  /** A node that answers, active or not. */
  makeNode(active: boolean): Promise<string>;
  close(): Promise<void>;
}

export async function openStage(world: World): Promise<Stage> {
  const edge = createServer((request, response) => {
    const found = request.url?.endsWith("/health") || request.url?.endsWith("/process");
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: "healthy" }));
  });
  await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
  const { port } = edge.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  let made = 0;
  const keyed = async (active: boolean): Promise<Keyed> => {
    const said = describeNode({ endpoint: `${origin}/n-${made++}`, auto_start: active });
    const { node, node_key } = await Nodes.adminRegister(adminCtx(world), said);
    return { id: node.id, key: node_key };
  };
  const [user, other, admin] = [
    await account(world, "user"),
    await account(world, "user"),
    await account(world, "admin"),
  ];
  const [node, otherNode] = [await keyed(true), await keyed(true)];
  const ended = await Keys.createKey(adminCtx(world), { name: "ended", scopes: ["nodes:read"] });
  await Keys.deleteKey(adminCtx(world), { id: ended.id });
  return {
    world,
    origin,
    port,
    user,
    other,
    admin,
    node,
    otherNode,
    machine: await joinToken(world),
    ended: ended.key,
    makeNode: async (active) => (await keyed(active)).id,
    async close() {
      edge.closeAllConnections();
      await new Promise((resolve) => edge.close(resolve));
    },
  };
}

/** A further session of an account. */
export function logIn(world: World, { email }: Pick<Account, "email">): Promise<GrantView> {
  return Users.login(
    { ...world, actor: { kind: "anyone" }, requestId: "test" },
    { email, password: PASSWORD },
  );
}

/** The session that an access token is of. */
export function sessionOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { sid: string };
  return claims.sid;
}

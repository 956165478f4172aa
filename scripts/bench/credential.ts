import { systemCtx, type World } from "../../core/ctx.ts";
import { Keys, type Scope } from "../../core/keys/index.ts";

/** The `Authorization` of a service key that is made for a bench. */
export async function benchCredential(world: World, scopes: readonly Scope[]): Promise<string> {
  const ctx = systemCtx(world, "bench", "bench");
  const { key } = await Keys.createKey(ctx, { name: "bench", scopes: [...scopes] });
  return `Bearer ${key}`;
}

import type { Ctx, World } from "../../core/ctx.ts";

/** A call of an admin, who is in no store. */
export function adminCtx(world: World): Ctx {
  return { ...world, actor: { kind: "admin", id: "test", session: "test" }, requestId: "test" };
}

import type { Actor, World } from "../../core/ctx.ts";
import { isServiceKeyLive } from "../../core/keys/authenticate.ts";
import { isLiveNow } from "../../core/users/sessions/live.ts";

/** Whether what an actor was let in by still holds at this very moment: its session goes on, or its key is there. */
export async function stands(world: World, actor: Actor): Promise<boolean> {
  if ("session" in actor) return isLiveNow(world, actor.session);
  return actor.kind === "service" && isServiceKeyLive(world, actor.id);
}

import { memoryOf, type World } from "../ctx.ts";
import { Fleet } from "../fleet/index.ts";
import { newId } from "../id.ts";
import { Inflight } from "../selection/index.ts";

/** How often a router says that it is alive and how much it routes. */
const ANNOUNCE_MS = 30_000;
const KEY = Symbol("router");

/** This process as a router: its own sends, which the choice among nodes depends on. */
export interface Router {
  readonly id: string;
  readonly inflight: Inflight.Inflight;
  announcedAt: number;
}

export function routerOf(world: World): Router {
  return memoryOf(world, KEY, () => ({
    id: newId(world),
    inflight: Inflight.empty(world.now()),
    announcedAt: world.now(),
  }));
}

/**
 * Announces this router if that is due: one small write every 30 s, beside the request that it happens in. A failure is logged and the
 * next announcement makes up for it; the others merely take this one for gone meanwhile.
 */
export async function announceIfDue(world: World, router: Router): Promise<void> {
  if (world.now() - router.announcedAt < ANNOUNCE_MS) return;
  router.announcedAt = world.now();
  const { sends, seconds } = Inflight.report(router.inflight, world.now());
  try {
    await Fleet.announce(world, { router: router.id, routes: sends, seconds });
  } catch (error) {
    world.log.warn("This router could not announce itself", { error: String(error) });
  }
}

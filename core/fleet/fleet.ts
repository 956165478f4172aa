import { Cells, type FleetSigns } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { Selection } from "../selection/index.ts";
import {
  addToTally,
  putRouter,
  putState,
  readSweeps,
  removeRouter,
  routers,
  type StateItem,
  type TallyItem,
  unitKey,
} from "./items.ts";

/** A router not heard of for longer is taken for gone, in ms: two announcements missed. */
const ROUTER_SILENT_MS = 60_000;
/** Intervals, and seconds that a sweep of timeouts may take beside, after which the tally of a wave says nothing of now. */
const TALLY_OLD_INTERVALS = 3;
const TALLY_LATE_S = 60;
/** A wave that never comes: reading from it on reads no tally. */
const STATE_ALONE = 999_999_999_999;

/**
 * Says that a router is alive and how much it routes; to be called every 30 s.
 *
 * @param given the router's own id, and the routes it answered in the last `seconds`
 */
export async function announce(
  world: World,
  given: { readonly router: string; readonly routes: number; readonly seconds: number },
): Promise<void> {
  const routes_per_s = given.seconds > 0 ? Math.max(0, given.routes) / given.seconds : 0;
  await putRouter(world.store, { router: given.router, routes_per_s, seen: world.now() });
}

/** Says that a router ends; one that can't is forgotten in a minute. */
export function retire(world: World, router: string): Promise<void> {
  return removeRouter(world.store, router);
}

/** What routers must know of the whole fleet, as the store has it now. */
export async function signs(world: World): Promise<FleetSigns> {
  const [known, { tallies, state }] = await Promise.all([routers(world.store), recentSweeps(world)]);
  const alive = known.filter(({ seen }) => world.now() - seen <= ROUTER_SILENT_MS);
  const reports = alive.map(({ routes_per_s }) => ({ sends: routes_per_s, seconds: 1 }));
  // The newest wave may still be counting; the one before it has had its time.
  const whole = tallies.at(-2) ?? tallies.at(-1);
  const rate = Selection.fleetRate(reports, whole?.connections ?? 0);
  return {
    protected: state?.protected ?? false,
    routers: rate.routers,
    routes_per_s: rate.routesPerSecond,
    ...(rate.sessionSeconds === undefined ? {} : { session_s: rate.sessionSeconds }),
  };
}

/** Whether the fleet is protected, as the last wave that was whole had it (SPEC H9). */
export async function isProtected(world: World): Promise<boolean> {
  const { state } = await readSweeps(world.store, STATE_ALONE);
  return state?.protected ?? false;
}

/** Publishes the signs to all routers. */
export async function publish(world: World): Promise<FleetSigns> {
  const now = await signs(world);
  await Cells.publishSigns(world, now);
  return now;
}

/** A wave's tally with this unit counted in (once, however often it is told), the wave before it, and the protection's state. */
export async function count(
  world: World,
  wave: number,
  unit: { readonly directory: string; readonly cells: readonly string[] },
  counts: Omit<TallyItem, "wave" | "units">,
): Promise<{ running: TallyItem; previous: TallyItem | null; state: StateItem | null }> {
  const [running, { tallies, state }] = await Promise.all([
    addToTally(world.store, wave, unitKey(unit.directory, unit.cells), counts),
    readSweeps(world.store, wave - recent(world)),
  ]);
  return { running, previous: tallies.findLast((tally) => tally.wave < wave) ?? null, state };
}

/** The tallies that still speak of now, oldest first, and the protection's state. */
export function recentSweeps(world: World): Promise<{ tallies: TallyItem[]; state: StateItem | null }> {
  return readSweeps(world.store, Math.floor(world.now() / 1000) - recent(world));
}

function recent(world: World): number {
  return TALLY_OLD_INTERVALS * world.config.HEALTH_CHECK_INTERVAL + TALLY_LATE_S;
}

/**
 * Files whether the fleet is protected, as a wave has it, and tells all routers when that changed.
 *
 * @returns whether it changed.
 */
export async function protect(
  world: World,
  judged: { readonly protected: boolean; readonly wave: number },
  state: StateItem | null,
): Promise<boolean> {
  if (judged.protected === (state?.protected ?? false)) return false;
  const next = { protected: judged.protected, since: world.now(), wave: judged.wave };
  if (!(await putState(world.store, next))) return false;
  const said = judged.protected
    ? "The fleet is protected: most of it fails at once, so nothing is evicted."
    : "The fleet is no longer protected.";
  world.log.warn(said, { wave: judged.wave, fleet_protection: judged.protected });
  await publish(world);
  return true;
}

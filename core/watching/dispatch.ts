import { Cells, type SweepUnit } from "../cells/index.ts";
import type { World } from "../ctx.ts";
import { Fleet } from "../fleet/index.ts";
import { isAlarming } from "./protection.ts";
import type { SweepQueue } from "./queue.ts";
import { wavesIn } from "./waves.ts";

/**
 * Orders the sweeps that are due in the window that `now` lies in: for every unit one order per wave, at multiples of
 * `HEALTH_CHECK_INTERVAL`, those of later in the window delayed. Called twice in a window it orders the same sweeps, of which cells take one.
 *
 * @param now milliseconds since the epoch
 * @param windowS how often it is called, in seconds: 60 on a schedule; the local run calls it as often as it sweeps
 * @returns the waves ordered, and the units of each.
 */
export async function dispatch(
  world: World,
  queue: SweepQueue,
  now: number,
  windowS = 60,
): Promise<{ waves: number[]; units: number }> {
  const waves = wavesIn(now, windowS, world.config.HEALTH_CHECK_INTERVAL);
  const units: SweepUnit[] = [];
  if (waves.length > 0) for await (const unit of Cells.units(world)) units.push(unit);
  for (const wave of waves) {
    const orders = units.map((unit) => ({ ...unit, wave, units: units.length }));
    if (orders.length > 0) await queue.send(orders, Math.max(0, Math.round(wave - now / 1000)));
  }
  await clearProtection(world, now);
  await Fleet.publish(world);
  return { waves, units: units.length };
}

/**
 * Judges by the newest wave that has had its time. Sweeps do this themselves when their wave is whole; here for a wave of which an
 * order was lost, and for a fleet that has no wave any more.
 */
async function clearProtection(world: World, now: number): Promise<void> {
  const { tallies, state } = await Fleet.recentSweeps(world);
  const settledBy = now / 1000 - world.config.HEALTH_CHECK_INTERVAL;
  const newest = tallies.findLast(({ wave }) => wave <= settledBy);
  if (!newest && tallies.length > 0) return;
  const judged = newest
    ? { protected: isAlarming(newest.failing, newest.pool), wave: newest.wave }
    : { protected: false, wave: Math.floor(now / 1000) };
  await Fleet.protect(world, judged, state);
}

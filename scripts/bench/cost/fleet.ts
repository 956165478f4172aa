import type { World } from "../../../core/ctx.ts";
import { openBenchWorld } from "../routing/world.ts";
import { storeFleet } from "../sweep/fleet.ts";

/** Where a fleet can be: a DynamoDB, and ports on which nodes answer. */
export interface Ground {
  readonly endpoint: string;
  readonly ports: readonly number[];
}

/** A world with a fleet over the whole Earth, each node seen well; its tables are its own. */
export async function openFleet(
  { endpoint, ports }: Ground,
  prefix: string,
  nodes: number,
  given: Pick<World, "now" | "random">,
): Promise<World & { close(): void }> {
  const world = await openBenchWorld(endpoint, prefix, given);
  await storeFleet(world, nodes, ports);
  return world;
}

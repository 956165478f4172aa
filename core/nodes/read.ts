import type { Ctx, World } from "../ctx.ts";
import { NotFound } from "../errors.ts";
import { verb } from "../verb.ts";
import { allNodes, getNode, getNodes, idsAtEndpoint } from "./items.ts";
import type { NodeRecord } from "./record.ts";
import { byId } from "./schema.ts";
import { observations, viewSeen } from "./seen.ts";
import { type NodeStatusView, type NodeView, statusViewOf } from "./view.ts";

/** A node, or null. `consistent` sees every acknowledged write. */
export function find(
  world: World,
  id: string,
  options: { consistent?: boolean } = {},
): Promise<NodeRecord | null> {
  return getNode(world.store, id, options);
}

/** The nodes of these ids that there are, in no order. */
export function findAll(world: World, ids: readonly string[]): Promise<NodeRecord[]> {
  return getNodes(world.store, ids);
}

/** The ids of the nodes at an endpoint (as `endpointUrl` writes it); one made this very moment may be missing. */
export function atEndpoint(world: World, endpoint: string): Promise<string[]> {
  return idsAtEndpoint(world.store, endpoint);
}

/** Every node there is, one after the other: what cells are rebuilt from. One made this very moment may be missing. */
export function all(world: World): AsyncIterable<NodeRecord> {
  return allNodes(world.store);
}

/** A node, whole. @throws NotFound. */
export const get = verb(byId, async (ctx, { id }): Promise<NodeView> => viewSeen(ctx, await known(ctx, id)));

/** What a node is doing now. @throws NotFound. */
export const status = verb(byId, async (ctx, { id }): Promise<NodeStatusView> => {
  const record = await known(ctx, id);
  return statusViewOf(record, (await observations(ctx, [record])).get(id));
});

async function known(ctx: Ctx, id: string): Promise<NodeRecord> {
  const record = await getNode(ctx.store, id, { consistent: true });
  if (!record) throw new NotFound(`There is no node ${id}.`);
  return record;
}

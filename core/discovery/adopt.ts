import type { Ctx } from "../ctx.ts";
import { Conflict } from "../errors.ts";
import { Nodes } from "../nodes/index.ts";
import { type NodeView, viewOf } from "../nodes/view.ts";
import type { Identity } from "./identity.ts";

/** What the request says of the node it points to. */
export interface Pointed {
  readonly endpoint: string;
  readonly name?: string | undefined;
  readonly location?: { readonly lat: number; readonly lng: number } | undefined;
}

/**
 * Makes a node, in state discovered, of who answered at an endpoint. What the request says goes before what the node says; what neither
 * says is left for later. The identity is kept in the node's metadata as it was read, so that the operator sees who to activate.
 *
 * @throws Conflict when its id is taken
 */
export async function adopt(ctx: Ctx, pointed: Pointed, identity: Identity | null): Promise<NodeView> {
  try {
    return viewOf(await Nodes.discoverNew(ctx, newNodeOf(pointed, identity)));
  } catch (error) {
    if (error instanceof Conflict && identity?.node_id)
      throw alreadyKnown(pointed.endpoint, identity.node_id);
    throw error;
  }
}

export function alreadyKnown(endpoint: string, id: string): Conflict {
  return new Conflict(`${endpoint} is already known as ${id}.`);
}

/** The fields of a new node, from the request and the identity. */
export function newNodeOf({ endpoint, name, location }: Pointed, identity: Identity | null) {
  const { max_concurrent, ...size } = identity?.capacity ?? {};
  return {
    endpoint,
    node_id: identity?.node_id,
    name: name ?? identity?.name,
    location: location ?? identity?.location,
    health_check_url: identity?.endpoints?.health,
    services: identity?.capabilities && [...identity.capabilities],
    capacity: max_concurrent,
    capabilities: Object.keys(size).length > 0 ? size : undefined,
    version: identity?.version,
    metadata: identity ? { identity: { ...identity } } : undefined,
  };
}

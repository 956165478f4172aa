import type { Ctx } from "../ctx.ts";
import { Nodes } from "../nodes/index.ts";
import { inLanes } from "./lanes.ts";

/** The nodes there are already, by endpoint. */
export type Known = ReadonlyMap<string, { readonly id: string }>;

const LANES = 32;

/** Which of `endpoints` (in the form that `endpointUrl` gives them) are nodes' endpoints already: a query each. */
export async function knownNodes(ctx: Ctx, endpoints: readonly string[]): Promise<Known> {
  const known = new Map<string, { id: string }>();
  const look = async (endpoint: string) => {
    const [id] = await Nodes.atEndpoint(ctx, endpoint);
    if (id !== undefined) known.set(endpoint, { id });
  };
  await inLanes(endpoints, LANES, look, () => true);
  return known;
}

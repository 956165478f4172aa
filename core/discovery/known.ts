import type { Ctx } from "../ctx.ts";
import { Nodes } from "../nodes/index.ts";

/** The nodes there are already, by endpoint. */
export type Known = ReadonlyMap<string, { readonly id: string }>;

/** Which of `endpoints` (in the form that `endpointUrl` gives them) are nodes' endpoints already. */
export async function knownNodes(ctx: Ctx, endpoints: readonly string[]): Promise<Known> {
  const asked = new Set(endpoints);
  const known = new Map<string, { id: string }>();
  for await (const { id, endpoint } of Nodes.all(ctx)) {
    if (endpoint !== undefined && asked.has(endpoint)) known.set(endpoint, { id });
  }
  return known;
}

import type { Ctx } from "../ctx.ts";
import { Conflict, DomainError } from "../errors.ts";
import { Unreachable } from "./introduce.ts";

/** What looking at one of many addresses came to: a node, or why not. `silent` is one where nothing answered. */
export type Outcome =
  | { readonly became: "node"; readonly endpoint: string; readonly id: string; readonly name: string }
  | { readonly became: "known" | "silent" | "nothing"; readonly endpoint: string; readonly error: string };

/** Looks at an address, and makes of whatever is thrown its outcome, so that one address never fails the others. */
export async function outcomeOf(
  ctx: Ctx,
  endpoint: string,
  look: () => Promise<{ readonly id: string; readonly name: string }>,
): Promise<Outcome> {
  try {
    const { id, name } = await look();
    return { became: "node", endpoint, id, name };
  } catch (error) {
    if (error instanceof Conflict) return { became: "known", endpoint, error: error.message };
    if (error instanceof Unreachable) return { became: "silent", endpoint, error: error.message };
    if (error instanceof DomainError) return { became: "nothing", endpoint, error: error.message };
    // A fault of ours: logged whole, and told like any other fault.
    const cause =
      error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : { error };
    ctx.log.error("Discovery of an address failed", { request_id: ctx.requestId, endpoint, ...cause });
    return { became: "nothing", endpoint, error: `Something went wrong on our side (${ctx.requestId}).` };
  }
}

/** Those that became nodes, as answers list them. */
export function nodesAmong(outcomes: readonly Outcome[]) {
  return outcomes
    .filter((one) => one.became === "node")
    .map(({ id, name, endpoint }) => ({ id, name, endpoint }));
}

/** Those that did not, as answers list them. */
export function errorsAmong(outcomes: readonly Outcome[]) {
  return outcomes.filter((one) => one.became !== "node").map(({ endpoint, error }) => ({ endpoint, error }));
}

import type { Ctx } from "../ctx.ts";
import { Invalid } from "../errors.ts";
import { checkTarget } from "../outbound/index.ts";
import { verb } from "../verb.ts";
import { adopt, alreadyKnown } from "./adopt.ts";
import { introduce } from "./introduce.ts";
import { type Known, knownNodes } from "./known.ts";
import { inLanes } from "./lanes.ts";
import { errorsAmong, nodesAmong, outcomeOf } from "./outcome.ts";
import { type BatchAnswer, batchInput, discoverInput } from "./schema.ts";

export { scan } from "./scan.ts";

/** For one address: `/identity` and `/health` together. */
const TIMEOUT_MS = 5000;
/** So wide that a full batch of addresses that all hang is through in four rounds, and the last one is still looked at. */
const BATCH_WIDTH = 64;
/** When the last address of a batch is begun: the HTTP API ends the call after 30 s. */
const BATCH_DEADLINE_MS = 23_000;

/**
 * Looks at an address and takes up the node there as `discovered`.
 *
 * @throws Invalid when the address may not be contacted; Conflict when the node is known, by its id or its endpoint; BadNode when
 * nothing answers there, or no node
 */
export const discover = verb(discoverInput, async (ctx, pointed) => {
  const { endpoint } = pointed;
  refuseSpecial(ctx, endpoint);
  refuseKnown(await knownNodes(ctx, [endpoint]), endpoint);
  return adopt(ctx, pointed, await introduce(ctx, endpoint, TIMEOUT_MS));
});

/** Discovers each of `endpoints`, and says of each that did not become a node why; none fails another. */
export const batch = verb(batchInput, async (ctx, { endpoints }): Promise<BatchAnswer> => {
  const known = await knownNodes(ctx, endpoints);
  const end = ctx.now() + BATCH_DEADLINE_MS;
  const look = (endpoint: string) =>
    outcomeOf(ctx, endpoint, async () => {
      refuseSpecial(ctx, endpoint);
      refuseKnown(known, endpoint);
      return adopt(ctx, { endpoint }, await introduce(ctx, endpoint, TIMEOUT_MS));
    });
  const outcomes = await inLanes(endpoints, BATCH_WIDTH, look, () => ctx.now() < end);
  const late = endpoints.slice(outcomes.length);
  const nodes = nodesAmong(outcomes);
  const errors = [
    ...errorsAmong(outcomes),
    ...late.map((endpoint) => ({ endpoint, error: "Not looked at: time ran out. Send it again." })),
  ];
  return { discovered: nodes.length, failed: errors.length, nodes, errors };
});

/** What needs no socket to be refused: literal addresses that are not public, the runtime API's port. */
function refuseSpecial(ctx: Ctx, endpoint: string): void {
  const refused = checkTarget(endpoint, { allowLoopback: ctx.config.ARX_ALLOW_LOOPBACK });
  if (refused) throw new Invalid(refused.message, [{ path: "endpoint", message: refused.message }]);
}

function refuseKnown(known: Known, endpoint: string): void {
  const node = known.get(endpoint);
  if (node) throw alreadyKnown(endpoint, node.id);
}

import type { Ctx } from "../ctx.ts";
import { Forbidden } from "../errors.ts";
import { isPublicAddress } from "../outbound/index.ts";
import { verb } from "../verb.ts";
import { adopt, alreadyKnown } from "./adopt.ts";
import { identify } from "./introduce.ts";
import { knownNodes } from "./known.ts";
import { inLanes } from "./lanes.ts";
import { addressAt, isWithin, type Network, networkText, readNetwork, sizeOf } from "./network.ts";
import { errorsAmong, nodesAmong, type Outcome, outcomeOf } from "./outcome.ts";
import { type ScanAnswer, scanInput } from "./schema.ts";

const TIMEOUT_MS = 1000;
const SCAN_WIDTH = 64;
/** When the last target is begun: the HTTP API ends the call after 30 s. */
const SCAN_DEADLINE_MS = 25_000;

/**
 * Looks through a network, address by address and port by port, over plain HTTP, and takes up whoever introduces itself at `/identity`.
 * What time ran out for is counted in `remaining`, and `next` is where to go on.
 *
 * That the operator allowed a network (`ARX_SCAN_NETWORKS`) lets a scan look into it, and opens nothing more: the outbound guard still
 * refuses every special address, so only public networks can be scanned, and where loopback is allowed (the local run) loopback.
 *
 * @throws Forbidden unless the whole network is allowed and has an address that may be contacted
 */
export const scan = verb(scanInput, async (ctx, { network, ports, offset }): Promise<ScanAnswer> => {
  refuseUnlessAllowed(ctx, network);
  const targets = targetsOf(network, ports).slice(offset);
  const known = await knownNodes(ctx, targets);
  const end = ctx.now() + SCAN_DEADLINE_MS;
  const look = (endpoint: string) =>
    outcomeOf(ctx, endpoint, async () => {
      const node = known.get(endpoint);
      if (node) throw alreadyKnown(endpoint, node.id);
      return adopt(ctx, { endpoint }, await identify(ctx, endpoint, TIMEOUT_MS));
    });
  const outcomes = await inLanes(targets, SCAN_WIDTH, look, () => ctx.now() < end);
  return answerOf(outcomes, targets.length - outcomes.length, offset);
});

function answerOf(outcomes: readonly Outcome[], remaining: number, offset: number): ScanAnswer {
  const count = (became: Outcome["became"]) => outcomes.filter((one) => one.became === became).length;
  return {
    scanned: outcomes.length,
    discovered: count("node"),
    known: count("known"),
    failed: count("silent") + count("nothing"),
    nodes: nodesAmong(outcomes),
    errors: errorsAmong(outcomes.filter((one) => one.became === "nothing")),
    remaining,
    next: remaining > 0 ? offset + outcomes.length : null,
  };
}

/** Every endpoint there may be in a network, in an order that `offset` can count on. */
export function targetsOf(network: Network, ports: readonly number[]): string[] {
  const addresses = Array.from({ length: sizeOf(network) }, (_, index) => addressAt(network, index));
  return addresses.flatMap((address) => ports.map((port) => new URL(`http://${address}:${port}`).origin));
}

function refuseUnlessAllowed(ctx: Ctx, network: Network): void {
  const allowed = ctx.config.ARX_SCAN_NETWORKS.map(readNetwork).filter((one) => one !== null);
  if (!allowed.some((one) => isWithin(network, one))) {
    throw new Forbidden(
      `${networkText(network)} is not within the networks that the operator allows to be scanned (ARX_SCAN_NETWORKS).`,
    );
  }
  const policy = { allowLoopback: ctx.config.ARX_ALLOW_LOOPBACK };
  const contactable = Array.from({ length: sizeOf(network) }, (_, index) => addressAt(network, index));
  if (!contactable.some((address) => isPublicAddress(address, policy))) {
    throw new Forbidden(
      `${networkText(network)} has no address that may be contacted: none of it is public.`,
    );
  }
}

import type { World } from "../ctx.ts";
import { BadNode, Invalid } from "../errors.ts";
import { type OutboundAnswer, OutboundError } from "../outbound/index.ts";
import { type Identity, readIdentity } from "./identity.ts";

/** An identity says who a node is in a few hundred bytes; nobody's is longer than this. */
const MAX_BYTES = 64 * 1024;

/** What a node without `/identity` answers there. */
const NO_IDENTITY = new Set([404, 405, 501]);

/** Nothing answered there at all: no connection, or no answer in time. */
export class Unreachable extends BadNode {}

/**
 * Asks the node at `endpoint` who it is.
 *
 * @param timeoutMs of everything together, from the first dial on
 * @returns null when it has no `/identity`, but answers `/health`
 * @throws Invalid when the address may not be contacted; Unreachable when nothing answers; BadNode when what answers is no node
 */
export async function introduce(world: World, endpoint: string, timeoutMs: number): Promise<Identity | null> {
  const answer = await ask(world, endpoint, "/identity", timeoutMs);
  if (answer.status === 200) return identityOf(answer, endpoint);
  if (!NO_IDENTITY.has(answer.status)) throw new BadNode(`${endpoint}/identity answered ${answer.status}.`);
  const health = await ask(world, endpoint, "/health", Math.max(1, timeoutMs - answer.durationMs));
  if (health.status === 200) return null;
  throw new BadNode(
    `${endpoint} is no node: /identity answered ${answer.status} and /health ${health.status}.`,
  );
}

/**
 * Asks for an identity and takes nothing else: what a scan counts as a node.
 *
 * @throws as `introduce` does
 */
export async function identify(world: World, endpoint: string, timeoutMs: number): Promise<Identity> {
  const answer = await ask(world, endpoint, "/identity", timeoutMs);
  if (answer.status !== 200) throw new BadNode(`${endpoint}/identity answered ${answer.status}.`);
  const identity = identityOf(answer, endpoint);
  if (identity.node_id === undefined && identity.name === undefined) {
    throw new BadNode(`${endpoint}/identity has neither node_id nor name.`);
  }
  return identity;
}

function identityOf(answer: OutboundAnswer, endpoint: string): Identity {
  const identity = readIdentity(answer.body, endpoint);
  if (identity === null) throw new BadNode(`${endpoint}/identity did not answer with a JSON object.`);
  return identity;
}

async function ask(
  world: World,
  endpoint: string,
  path: "/identity" | "/health",
  timeoutMs: number,
): Promise<OutboundAnswer> {
  try {
    return await world.outbound.request({
      method: "GET",
      url: endpoint + path,
      headers: { accept: "application/json" },
      timeoutMs,
      maxBytes: MAX_BYTES,
    });
  } catch (error) {
    throw error instanceof OutboundError ? refusal(error, endpoint) : error;
  }
}

function refusal(error: OutboundError, endpoint: string): Error {
  switch (error.kind) {
    case "blocked":
    case "bad_url":
      return new Invalid(error.message, [{ path: "endpoint", message: error.message }]);
    case "dns":
    case "connect":
    case "timeout":
    case "aborted":
      return new Unreachable(`${endpoint} can't be reached: ${error.message}`);
    case "tls":
    case "too_large":
    case "protocol":
      return new BadNode(`${endpoint} answered badly: ${error.message}`);
  }
}

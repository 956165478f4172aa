import type { Actor, Ctx } from "../ctx.ts";
import { Conflict, Forbidden, Invalid } from "../errors.ts";
import { Keys } from "../keys/index.ts";
import type { TransactItem } from "../store/index.ts";
import { getNode } from "./items.ts";
import type { Amendment } from "./revise.ts";

export type Machine = Extract<Actor, { readonly kind: "machine" }>;

const MOST_LABELS = 32;

interface Said extends Amendment {
  readonly name: string;
  readonly node_id?: string | undefined;
  readonly credentials?: unknown;
}

/**
 * What a machine that joins is: what its token sets goes over what it says of itself; labels are joined.
 *
 * @throws Forbidden for credentials of a provider, which are not its own to give; Invalid for more labels than a node may have
 */
export function asPreset<T extends Said>({ preset }: Machine, said: T): T {
  if (said.credentials !== undefined && said.credentials !== null) {
    throw new Forbidden("A machine that joins can't give a provider's credentials: an admin does that.");
  }
  const labels = [...new Set([...(preset.labels ?? []), ...(said.labels ?? [])])];
  if (labels.length > MOST_LABELS) {
    const message = `Must have at most ${MOST_LABELS} entries with those of the join token`;
    throw new Invalid(`labels: ${message}`, [{ path: "labels", message }]);
  }
  return { ...said, labels, role: preset.role ?? said.role, region: preset.region ?? said.region };
}

/**
 * The writes that let a machine join as this node, for the transaction that makes it: a use of the token is taken when the node is made,
 * and at no other time. A machine is told from others by its `node_id`, its `hostname` or its `name`, the first of them that it gives.
 *
 * @throws Conflict when it has joined with this token already; Forbidden when the token has no use left
 */
export async function joining(
  ctx: Ctx,
  token: Machine,
  { node_id, hostname, name }: Said,
  id: string,
): Promise<readonly TransactItem[]> {
  const claim = { token, claimant: node_id ?? hostname ?? name };
  const before = await Keys.joinedAs(ctx, claim);
  if (before !== null && (await getNode(ctx.store, before, { consistent: true }))) {
    throw new Conflict(
      `${claim.claimant} has joined with this token already, as the node ${before}. Its key was in the answer: an admin can rotate it.`,
    );
  }
  return Keys.joinWrites(ctx, claim, id, before);
}

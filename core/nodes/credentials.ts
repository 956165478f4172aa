import type { Ctx } from "../ctx.ts";
import { Conflict, Invalid } from "../errors.ts";
import type { TransactItem } from "../store/index.ts";
import { putCredentials, removeCredentials } from "./items.ts";
import type { NodeRecord } from "./record.ts";

/** What a provider lets its nodes be steered with, as a caller gives it: null takes it away, undefined leaves it. */
export type Credentials = Readonly<Record<string, unknown>> | null | undefined;

/** A record that says whether there are credentials, and the writes that make it so. */
export interface Kept {
  readonly record: NodeRecord;
  readonly also: readonly TransactItem[];
}

/** What credentials are sealed under: those of one node or provider open for no other. */
export function sealingContext(id: string, provider: string): Record<string, string> {
  return { node: id, provider };
}

/**
 * Seals the credentials that a caller gives a node, for the transaction that writes `record` as its revision `revision`.
 *
 * @throws Invalid where the node has no provider, which they would be of
 */
export async function withCredentials(
  ctx: Ctx,
  record: NodeRecord,
  given: Credentials,
  revision: number,
): Promise<Kept> {
  if (given === undefined) return { record, also: [] };
  if (given === null) {
    const { credentials_revision: _, ...rest } = record;
    return { record: rest, also: withoutCredentials(ctx, record) };
  }
  const { id, provider } = record;
  if (provider === undefined) {
    const message = "Is required with credentials";
    throw new Invalid(`provider: ${message}`, [{ path: "provider", message }]);
  }
  const plaintext = Buffer.from(JSON.stringify(given));
  const sealed = await ctx.sealer.seal(plaintext, sealingContext(id, provider));
  return {
    record: { ...record, credentials_revision: revision },
    also: [putCredentials(ctx.store, id, sealed)],
  };
}

/** The write that takes a node's credentials away, if it has some. */
export function withoutCredentials({ store }: Ctx, record: NodeRecord): TransactItem[] {
  return record.credentials_revision === undefined ? [] : [removeCredentials(store, record.id)];
}

/**
 * A node that goes to another provider leaves its credentials behind: they are bound to the one that they are of, and of no use there.
 *
 * @throws Conflict when a change of the provider says nothing of the credentials
 */
export function requireOwnCredentials(before: NodeRecord, after: NodeRecord, given: Credentials): void {
  if (given !== undefined || before.credentials_revision === undefined) return;
  if (before.provider === after.provider) return;
  throw new Conflict(
    "The node has credentials of its present provider: with another provider give new credentials, or null.",
  );
}

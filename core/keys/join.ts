import { Audit } from "../audit/index.ts";
import { type Ctx, describeActor } from "../ctx.ts";
import { Forbidden } from "../errors.ts";
import { newId } from "../id.ts";
import type { TransactItem } from "../store/index.ts";
import type { Page } from "../store/newest.ts";
import { verb } from "../verb.ts";
import { makeCredential } from "./credential.ts";
import { joinTokenOf, putCredential } from "./items.ts";
import { pageOfKind } from "./list.ts";
import type { JoinToken } from "./record.ts";
import { byId, createJoinTokenInput, type JoinTokenView, listInput } from "./schema.ts";
import { requireToCome } from "./service.ts";
import { hasUse, notedNode, noteUse, takeUse } from "./uses.ts";
import { joinTokenViewOf } from "./view.ts";
import { add, remove } from "./write.ts";

const DAY_MS = 86_400_000;

/** Makes a join token. The answer holds it, this once. @throws Invalid for an `expires_at` that is past. */
export const createJoinToken = verb(
  createJoinTokenInput,
  async (
    ctx,
    { name, uses, expires_at, role, labels, region },
  ): Promise<JoinTokenView & { token: string }> => {
    requireToCome(ctx, expires_at);
    const id = newId(ctx);
    const { text, hash } = makeCredential("join", id);
    const record: JoinToken = {
      id,
      hash,
      name: name ?? undefined,
      uses,
      uses_left: uses,
      preset: { role: role ?? undefined, labels: labels ?? undefined, region: region ?? undefined },
      created_at: ctx.now(),
      created_by: describeActor(ctx.actor),
      expires_at: expires_at ?? ctx.now() + DAY_MS,
    };
    await add(ctx, [
      putCredential(ctx.store, "join", record),
      Audit.auditRow(ctx, {
        action: "join_token.create",
        target: id,
        result: "done",
        detail: { ...record.preset, uses },
      }),
    ]);
    return { ...joinTokenViewOf(record), token: text };
  },
);

/** Join tokens, newest first; one made this very moment may be missing. */
export const listJoinTokens = verb(listInput, async (ctx, asked): Promise<Page<JoinTokenView>> => {
  const { items, next } = await pageOfKind(ctx, "join", asked);
  return { items: items.map((item) => joinTokenViewOf(joinTokenOf(item))), next };
});

/** Ends a join token: no machine joins with it any more. @throws NotFound. */
export const deleteJoinToken = verb(byId, async (ctx, { id }): Promise<void> => {
  await remove(ctx, "join", id);
});

/** A token as `authenticate` found it, and whom a use of it is for: what tells a retry from another machine. */
export interface Claim {
  readonly token: { readonly id: string; readonly expires_at: number };
  readonly claimant: string;
}

/** The node that a use of this token made of this claimant already; null when none did. The node may be gone since. */
export function joinedAs({ store }: Ctx, { token, claimant }: Claim): Promise<string | null> {
  return notedNode(store, token.id, claimant);
}

/**
 * The writes that take one use of a join token, for the transaction that makes the node: where that is refused nothing is taken, and of
 * two for one claimant one loses. `before` is what `joinedAs` said.
 *
 * @throws Forbidden when no use is left, or the token has expired or is gone.
 */
export async function joinWrites(
  { store, now }: Ctx,
  { token, claimant }: Claim,
  nodeId: string,
  before: string | null,
): Promise<readonly TransactItem[]> {
  if (!(await hasUse(store, token.id, now()))) {
    throw new Forbidden("The join token has no use left, has expired or was deleted.");
  }
  const said = { node_id: nodeId, before, expiresAt: token.expires_at };
  return [takeUse(store, token.id, now()), noteUse(store, token.id, claimant, said)];
}

import { Audit } from "../audit/index.ts";
import type { Ctx } from "../ctx.ts";
import { Conflict, NotFound } from "../errors.ts";
import { newId } from "../id.ts";
import { getNode, nodeIsThere } from "../nodes/items.ts";
import { type TransactItem, transact } from "../store/index.ts";
import { verb } from "../verb.ts";
import { makeCredential } from "./credential.ts";
import { getCredential, nodeKeysOf, putFirstKeys, putNodeKeys, removeNodeKeys } from "./items.ts";
import type { NodeKey, NodeKeys } from "./record.ts";
import { first, revoked, rotated } from "./rotation.ts";
import { type NodeKeyView, ofNode, revokeInput, rotateInput } from "./schema.ts";
import { nodeKeyViewOf } from "./view.ts";
import { pause } from "./write.ts";

const TRIES = 6;

/**
 * The key of a node that is being made, and the write that keeps it, for the transaction that makes the node, whose
 * condition (there is no node of this id) is this one's too: keys of an earlier node of this id are written over.
 */
export function newNodeKey(ctx: Ctx, nodeId: string): { readonly key: string; readonly write: TransactItem } {
  const { text, hash } = makeCredential("node", nodeId);
  const keys = first(nodeId, newId(ctx), { hash, created_at: ctx.now() });
  return { key: text, write: putNodeKeys(ctx.store, keys, null) };
}

/** The write that takes a node's keys away, for the transaction that deletes the node. */
export function withoutNodeKeys(ctx: Ctx, nodeId: string): TransactItem {
  return removeNodeKeys(ctx.store, nodeId);
}

/**
 * Gives a node a new key, in the answer alone. The key before it holds for `grace_s` more seconds, so that two are live meanwhile; a third
 * never is. One that has none, as nodes of before identities, gets its first.
 *
 * @throws NotFound when there is no such node, Conflict when others keep changing its keys.
 */
export const rotateNodeKey = verb(
  rotateInput,
  async (ctx, { node_id, grace_s }): Promise<NodeKeyView & { node_key: string }> => {
    const id = newId(ctx);
    const { text, hash } = makeCredential("node", node_id);
    const key: NodeKey = { hash, created_at: ctx.now() };
    const detail = { key_id: id, grace_s };
    const { keys } = await change(ctx, node_id, { action: "node_key.rotate", detail }, (before) =>
      before ? rotated(before, id, key, ctx.now(), ctx.now() + grace_s * 1000) : first(node_id, id, key),
    );
    return { ...nodeKeyViewOf(node_id, id, keys[id]!), node_key: text };
  },
);

/**
 * Ends one of a node's keys, or all of them: within five seconds they are refused everywhere. A node without a key gets one by rotation.
 *
 * @throws NotFound when there is no such key, Conflict.
 */
export const revokeNodeKeys = verb(revokeInput, async (ctx, { node_id, key_id }): Promise<void> => {
  const detail = key_id === undefined ? { all: true } : { key_id };
  await change(ctx, node_id, { action: "node_key.revoke", detail }, (before) => {
    if (!before) throw keyless(node_id);
    const after = revoked(before, key_id);
    if (!after && key_id !== undefined) throw new NotFound(`The node ${node_id} has no key ${key_id}.`);
    return after ?? before;
  });
});

/** A node's keys, newest first, without what they are. @throws NotFound for a node that never had a key. */
export const listNodeKeys = verb(ofNode, async (ctx, { node_id }): Promise<NodeKeyView[]> => {
  const held = await keysOf(ctx, node_id);
  if (!held) throw keyless(node_id);
  return Object.entries(held.keys)
    .sort(([, one], [, other]) => other.created_at - one.created_at)
    .map(([id, key]) => nodeKeyViewOf(node_id, id, key));
});

/** Changes a node's keys as `decide` says, which gets null where there are none; what it gives back as it was is not written. */
async function change(
  ctx: Ctx,
  nodeId: string,
  said: {
    readonly action: `node_key.${string}`;
    readonly detail: Parameters<typeof Audit.auditRow>[1]["detail"];
  },
  decide: (before: NodeKeys | null) => NodeKeys,
): Promise<NodeKeys> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const before = await keysOf(ctx, nodeId);
    const after = decide(before);
    if (after === before) return after;
    const writes = before ? [putNodeKeys(ctx.store, after, before)] : await firstWrites(ctx, after);
    const row = Audit.auditRow(ctx, {
      action: said.action,
      target: nodeId,
      result: "done",
      ...(said.detail ? { detail: said.detail } : {}),
    });
    if (await transact(ctx.store, [...writes, row])) return after;
    await pause(ctx, tries);
  }
  throw new Conflict(`The keys of ${nodeId} are being changed by others; try again.`);
}

/** Keys can't tell whether there is a node: it is asked for, and may not go before they are written. @throws NotFound. */
async function firstWrites(ctx: Ctx, keys: NodeKeys): Promise<readonly TransactItem[]> {
  const id = keys.node_id;
  if (!(await getNode(ctx.store, id, { consistent: true }))) throw new NotFound(`There is no node ${id}.`);
  return [nodeIsThere(ctx.store, id), putFirstKeys(ctx.store, keys)];
}

async function keysOf(ctx: Ctx, nodeId: string): Promise<NodeKeys | null> {
  const item = await getCredential(ctx.store, "node", nodeId);
  return item && nodeKeysOf(item);
}

function keyless(nodeId: string): NotFound {
  return new NotFound(`There is no node ${nodeId} that has a key.`);
}

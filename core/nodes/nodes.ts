import { isDeepStrictEqual } from "node:util";
import type { Ctx } from "../ctx.ts";
import { Invalid } from "../errors.ts";
import { Keys } from "../keys/index.ts";
import { checkTarget } from "../outbound/index.ts";
import { verb } from "../verb.ts";
import { type Credentials, requireOwnCredentials, withCredentials } from "./credentials.ts";
import { asPreset, joining } from "./join.ts";
import { type DesiredState, TRANSITION_TO } from "./lifecycle.ts";
import type { NodeRecord, Origin } from "./record.ts";
import { type Amendment, amended, born, transitioned } from "./revise.ts";
import {
  adminRegisterInput,
  byIdIfMatch,
  createInput,
  discoverInput,
  registerInput,
  updateInput,
} from "./schema.ts";
import { viewSeen } from "./seen.ts";
import { type CreatedView, type NodeView, type RegisteredView, viewOf } from "./view.ts";
import { erase, insert, revise } from "./write.ts";

export { nodeOfImage } from "./items.ts";
export { list, listWhole } from "./list.ts";
export { concernsCells, memberSource, touchOf, truth } from "./member.ts";
export { activate, deactivate, disable, drain, flip, settleDrain } from "./operate.ts";
export { all, atEndpoint, find, findAll, get, status } from "./read.ts";
export { transitions } from "./transitions.ts";

/**
 * A machine registers itself and is active from the start (SPEC N1). The answer holds its key, this once. One with a join token takes a use
 * of it (SPEC J1–J4).
 *
 * @throws Conflict when its `node_id` is taken, Invalid for a URL that may not be contacted; with a join token also what `joining` and
 * `asPreset` throw.
 */
export const register = verb(registerInput, async (ctx, input): Promise<CreatedView> => {
  const given = ctx.actor.kind === "machine" ? asPreset(ctx.actor, input) : input;
  const { record, key } = await make(ctx, ["registered", "active"], given);
  return { ...viewOf(record), node_key: key };
});

/** An admin makes a node, inactive (SPEC N2). @throws as `register` does. */
export const create = verb(createInput, async (ctx, input): Promise<CreatedView> => {
  const { record, key } = await make(ctx, ["created", "inactive"], input);
  return { ...viewOf(record), node_key: key };
});

/** An admin registers a node: inactive, or active with `auto_start` (SPEC N2). @throws as `register` does. */
export const adminRegister = verb(
  adminRegisterInput,
  async (ctx, { auto_start, ...input }): Promise<RegisteredView> => {
    const { record, key } = await make(ctx, ["registered", auto_start ? "active" : "inactive"], input);
    const message = `The node is registered and ${auto_start ? "active" : "inactive until it is activated"}.`;
    return { message, node: viewOf(record), node_key: key };
  },
);

/**
 * Files a node that discovery found (SPEC N3). Its name defaults to the host of its endpoint; a position may come later.
 *
 * @throws as `register` does.
 */
export const discoverNew = verb(discoverInput, async (ctx, input): Promise<NodeRecord> => {
  const name = input.name ?? new URL(input.endpoint).host;
  const { record } = await make(
    ctx,
    ["discovered", "discovered"],
    { ...input, name },
    `Found at ${input.endpoint}`,
  );
  return record;
});

/**
 * Changes a node. Fields left out stay, null takes one away; `status` runs the transition to that state (SPEC N10), in the same write.
 *
 * @throws NotFound, Stale, Invalid for a URL that may not be contacted, Conflict or Malformed for an illegal transition (SPEC N9), Conflict
 * for another provider without its credentials (SPEC C3).
 */
export const update = verb(updateInput, async (ctx, input): Promise<NodeView> => {
  const { id, if_match, status, deadline_s, credentials, ...fields } = input;
  requireReachable(ctx, fields);
  const { record } = await revise(ctx, { id, if_match }, async (before, at) => {
    const described = amended(before, fields);
    const moved = described.epoch !== before.epoch;
    requireOwnCredentials(before, described, credentials);
    const kind = status === undefined || status === before.desired_state ? undefined : TRANSITION_TO[status];
    const changed = kind ? transitioned(described, kind, at + deadline_s * 1000) : described;
    const { record: after, also } = await withCredentials(ctx, changed, credentials, before.revision + 1);
    if (isDeepStrictEqual(after, before)) return null;
    return { after, also, evidence: moved ? "It is probed at another address now" : undefined };
  });
  return viewSeen(ctx, record);
});

/** Deletes a node; it leaves its cell with it, and its ledger stays (SPEC N12). @throws NotFound, Stale. */
export const remove = verb(byIdIfMatch, async (ctx, asked): Promise<void> => {
  await erase(ctx, asked);
});

type Given = Amendment & {
  readonly name: string;
  readonly node_id?: string | undefined;
  readonly credentials?: Credentials;
};

async function make(
  ctx: Ctx,
  [origin, desired_state]: readonly [Origin, DesiredState],
  { node_id, credentials, ...given }: Given,
  evidence?: string,
): Promise<{ record: NodeRecord; key: string }> {
  requireReachable(ctx, given);
  const { actor } = ctx;
  let key = "";
  const record = await insert(
    ctx,
    node_id,
    async (id, at, epoch) => {
      const uses = actor.kind === "machine" ? await joining(ctx, actor, { ...given, node_id }, id) : [];
      const made = Keys.newNodeKey(ctx, id);
      key = made.key;
      const blank = born({ id, origin, desired_state, epoch, at }, given);
      const kept = await withCredentials(ctx, blank, credentials, blank.revision);
      return { record: kept.record, also: [made.write, ...kept.also, ...uses] };
    },
    evidence,
  );
  return { record, key };
}

function requireReachable(ctx: Ctx, given: Pick<Amendment, "endpoint" | "health_check_url">): void {
  const issues = (["endpoint", "health_check_url"] as const).flatMap((path) => {
    const url = given[path];
    const fault = url ? checkTarget(url, { allowLoopback: ctx.config.ARX_ALLOW_LOOPBACK }) : null;
    return fault ? [{ path, message: fault.message }] : [];
  });
  if (issues[0]) throw new Invalid(`${issues[0].path}: ${issues[0].message}`, issues);
}

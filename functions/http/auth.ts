import { auth } from "../../contract/endpoints/auth.ts";
import { keys } from "../../contract/endpoints/keys.ts";
import type { World } from "../../core/ctx.ts";
import { Keys } from "../../core/keys/index.ts";
import { Limits } from "../../core/limits/index.ts";
import { etagOf } from "../../core/nodes/index.ts";
import { JWKS_MAX_AGE_S, Tokens } from "../../core/tokens/index.ts";
import { Users } from "../../core/users/index.ts";
import { openSealer } from "../sealed.ts";
import { openWorld } from "../world.ts";
import { bind, created, noContent, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { repeatable } from "./idempotency.ts";
import { addressOf } from "./limited.ts";
import { nextLink } from "./page.ts";
import { limitedLogin, limitedProfile, limitedRefresh } from "./sign-in.ts";

const etag = ({ revision }: { readonly revision: number }) => ({ etag: etagOf(revision) });

const boundAuth = bind(auth, {
  registerUser: async (ctx, input) => {
    await Limits.take(ctx, { name: "register_address", key: addressOf(ctx) });
    return created(await Users.register(ctx, input));
  },
  login: async (ctx, input) => ok(await limitedLogin(ctx, input)),
  refresh: async (ctx, input) => ok(await limitedRefresh(ctx, input)),
  logout: async (ctx, input) => {
    await Users.logout(ctx, input);
    return noContent();
  },
  getProfile: async (ctx, input) => {
    const user = await Users.profile(ctx, input);
    return ok(user, etag(user));
  },
  updateProfile: async (ctx, input) => {
    const user = await limitedProfile(ctx, input);
    return ok(user, etag(user));
  },
  listSessions: async (ctx, input, request) => {
    const { items, next } = await Users.listSessions(ctx, input);
    return ok(items, nextLink(request, next));
  },
  endSession: async (ctx, input) => {
    await Users.endSession(ctx, input);
    return noContent();
  },
  getSigningKeys: async (ctx) =>
    ok(await Tokens.jwks(ctx), { "cache-control": `public, max-age=${JWKS_MAX_AGE_S}` }),
});

const boundKeys = bind(keys, {
  createKey: async (ctx, input) => created(await Keys.createKey(ctx, input)),
  listKeys: async (ctx, input, request) => {
    const { items, next } = await Keys.listKeys(ctx, input);
    return ok(items, nextLink(request, next));
  },
  deleteKey: async (ctx, input) => {
    await Keys.deleteKey(ctx, input);
    return noContent();
  },
  createJoinToken: async (ctx, input) => created(await Keys.createJoinToken(ctx, input)),
  listJoinTokens: async (ctx, input, request) => {
    const { items, next } = await Keys.listJoinTokens(ctx, input);
    return ok(items, nextLink(request, next));
  },
  deleteJoinToken: async (ctx, input) => {
    await Keys.deleteJoinToken(ctx, input);
    return noContent();
  },
  rotateNodeKey: async (ctx, { id, grace_s }) => ok(await Keys.rotateNodeKey(ctx, { node_id: id, grace_s })),
  listNodeKeys: async (ctx, { id }) => ok(await Keys.listNodeKeys(ctx, { node_id: id })),
  revokeNodeKeys: async (ctx, { id, key_id }) => {
    await Keys.revokeNodeKeys(ctx, { node_id: id, key_id });
    return noContent();
  },
});

/** The function of identities: the one that signs access tokens, and makes keys and ends them. */
export function makeAuth(open: () => World): HttpHandler {
  return serve(open, [...boundAuth, ...boundKeys], { repeatable });
}

export const handler = makeAuth(() => openWorld("auth", openSealer));

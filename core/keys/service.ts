import { Audit } from "../audit/index.ts";
import { type Ctx, describeActor } from "../ctx.ts";
import { Invalid } from "../errors.ts";
import { newId } from "../id.ts";
import type { Page } from "../store/newest.ts";
import { verb } from "../verb.ts";
import { makeCredential } from "./credential.ts";
import { putCredential, serviceKeyOf } from "./items.ts";
import { pageOfKind } from "./list.ts";
import type { ServiceKey } from "./record.ts";
import { byId, createKeyInput, type KeyView, listInput } from "./schema.ts";
import { keyViewOf } from "./view.ts";
import { add, remove } from "./write.ts";

/** Makes a service key. The answer holds it, this once. @throws Invalid for an `expires_at` that is past. */
export const createKey = verb(
  createKeyInput,
  async (ctx, { name, scopes, expires_at }): Promise<KeyView & { key: string }> => {
    requireToCome(ctx, expires_at);
    const id = newId(ctx);
    const { text, hash } = makeCredential("key", id);
    const record: ServiceKey = {
      id,
      hash,
      name,
      scopes,
      created_at: ctx.now(),
      created_by: describeActor(ctx.actor),
      expires_at: expires_at ?? undefined,
    };
    await add(ctx, [
      putCredential(ctx.store, "key", record),
      Audit.auditRow(ctx, { action: "key.create", target: id, result: "done", detail: { name, scopes } }),
    ]);
    return { ...keyViewOf(record), key: text };
  },
);

/** Service keys, newest first; one made this very moment may be missing. */
export const listKeys = verb(listInput, async (ctx, asked): Promise<Page<KeyView>> => {
  const { items, next } = await pageOfKind(ctx, "key", asked);
  return { items: items.map((item) => keyViewOf(serviceKeyOf(item))), next };
});

/** Ends a service key: within five seconds it is refused everywhere. @throws NotFound. */
export const deleteKey = verb(byId, async (ctx, { id }): Promise<void> => {
  await remove(ctx, "key", id);
});

/** @throws Invalid when `expires_at` is not yet to come. */
export function requireToCome(ctx: Ctx, expiresAt: number | null | undefined): void {
  if (expiresAt === null || expiresAt === undefined || expiresAt > ctx.now()) return;
  const message = "Must be a time yet to come";
  throw new Invalid(`expires_at: ${message}.`, [{ path: "expires_at", message }]);
}

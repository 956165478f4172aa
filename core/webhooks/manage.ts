import * as z from "zod/mini";
import { Audit } from "../audit/index.ts";
import type { Ctx } from "../ctx.ts";
import { Conflict, Invalid } from "../errors.ts";
import { newId } from "../id.ts";
import { checkTarget } from "../outbound/index.ts";
import { decodeCursor, encodeCursor } from "../store/cursor.ts";
import type { Page } from "../store/newest.ts";
import { verb } from "../verb.ts";
import { insertWebhook, readRoster } from "./items.ts";
import type { WebhookRecord } from "./record.ts";
import { erase, known, pause, revise, TRIES } from "./revise.ts";
import {
  createWebhookInput,
  EVERY_TYPE,
  listWebhooksInput,
  rotateSecretInput,
  updateWebhookInput,
  webhookById,
  webhookByIdIfMatch,
} from "./schema.ts";
import { newSecret, rotated } from "./secret.ts";
import { FRESH } from "./standing.ts";
import { viewOf, type WebhookSecretView, type WebhookView } from "./view.ts";

/** Every one costs a message for each event that it asks for. */
export const MOST_WEBHOOKS = 50;

/**
 * Registers an address that events are sent to. Its secret is in the answer, and nowhere afterwards.
 *
 * @throws Invalid for an address that may not be called; Conflict when there are 50 already (SPEC W10).
 */
export const create = verb(createWebhookInput, async (ctx, given): Promise<WebhookSecretView> => {
  requireCallable(ctx, given.url);
  const id = newId(ctx);
  const { secret, value } = await newSecret(ctx, id);
  for (let tries = 1; tries <= TRIES; tries++) {
    const { held, made } = await readRoster(ctx.store);
    if (held.size >= MOST_WEBHOOKS) {
      throw new Conflict(`There are ${MOST_WEBHOOKS} webhooks, which is the most; delete one first.`);
    }
    const now = ctx.now();
    const webhook: WebhookRecord = {
      id,
      url: given.url,
      types: storedTypes(given.types),
      cells: given.cells ? given.cells.toSorted() : null,
      description: given.description ?? null,
      active: given.active,
      disabled_reason: null,
      active_since: now,
      secrets: [secret],
      created_at: now,
      updated_at: now,
      revision: 1,
    };
    const detail = { active: webhook.active };
    const row = Audit.auditRow(ctx, { action: "webhook.create", target: id, result: "done", detail });
    if (await insertWebhook(ctx.store, webhook, made, [row])) {
      return { ...viewOf({ webhook, standing: FRESH }, now), secret: value };
    }
    await pause(ctx, tries);
  }
  throw new Conflict("Others keep making webhooks; try again.");
});

function storedTypes(types: readonly string[]): readonly string[] | null {
  return types.includes(EVERY_TYPE) ? null : types.toSorted();
}

function requireCallable(ctx: Ctx, url: string): void {
  const policy = { allowLoopback: ctx.config.ARX_ALLOW_LOOPBACK };
  const secure = url.startsWith("https:") || policy.allowLoopback;
  const message = secure ? checkTarget(url, policy)?.message : "Must be an https URL";
  if (message) throw new Invalid(`url: ${message}`, [{ path: "url", message }]);
}

const LISTING = "webhooks";
const place = z.string().check(z.maxLength(64));

/** Webhooks, newest first. @throws Malformed for a cursor that this listing did not give. */
export const list = verb(listWebhooksInput, async (ctx, { limit, cursor }): Promise<Page<WebhookView>> => {
  const before = cursor === undefined ? undefined : decodeCursor(LISTING, place, cursor);
  const { held } = await readRoster(ctx.store);
  // Ids sort by the time they were made in.
  const older = [...held.values()].reverse().filter(({ webhook }) => !before || webhook.id < before);
  const page = older.slice(0, limit);
  return {
    items: page.map((one) => viewOf(one, ctx.now())),
    next: older.length > limit ? encodeCursor(LISTING, page.at(-1)!.webhook.id) : undefined,
  };
});

/** One webhook, and how its deliveries go. @throws NotFound. */
export const get = verb(
  webhookById,
  async (ctx, { id }): Promise<WebhookView> => viewOf(await known(ctx, id), ctx.now()),
);

/**
 * Changes a webhook; fields left out stay as they are. One that is switched on, or sent elsewhere, begins with a clean record.
 *
 * @throws NotFound, Stale, Invalid, and Conflict when others keep being first.
 */
export const update = verb(updateWebhookInput, async (ctx, given): Promise<WebhookView> => {
  if (given.url !== undefined) requireCallable(ctx, given.url);
  const changed = await revise(ctx, given, "webhook.update", (before, now) => {
    const active = given.active ?? before.active;
    const url = given.url ?? before.url;
    const restarts = (active && !before.active) || url !== before.url;
    const after = {
      ...before,
      url,
      types: given.types ? storedTypes(given.types) : before.types,
      cells: given.cells === undefined ? before.cells : (given.cells?.toSorted() ?? null),
      description: given.description === undefined ? before.description : given.description,
      active,
      disabled_reason: given.active === undefined ? before.disabled_reason : null,
      active_since: active && !before.active ? now : before.active_since,
    };
    return { after, restarts };
  });
  return viewOf(changed, ctx.now());
});

/** Deletes a webhook; what waits to be delivered to it is dropped. @throws NotFound, Stale, Conflict. */
export const remove = verb(webhookByIdIfMatch, async (ctx, given): Promise<void> => erase(ctx, given));

/** Gives a webhook a new secret, shown this once; those before it go on signing for a while (SPEC W8). @throws as `update` does. */
export const rotateSecret = verb(rotateSecretInput, async (ctx, given): Promise<WebhookSecretView> => {
  await known(ctx, given.id);
  const { secret, value } = await newSecret(ctx, given.id);
  const changed = await revise(ctx, given, "webhook.rotate_secret", (before, now) => ({
    after: { ...before, secrets: rotated(before.secrets, secret, now, given.overlap_s * 1000) },
    restarts: false,
    detail: { overlap_s: given.overlap_s },
  }));
  return { ...viewOf(changed, ctx.now()), secret: value };
});

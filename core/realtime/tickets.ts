import { createHash, randomBytes } from "node:crypto";
import type { Actor, Ctx, World } from "../ctx.ts";
import { Unauthenticated } from "../errors.ts";
import { iso } from "../id.ts";
import { putTicket, takeTicket } from "./items.ts";

const GOOD_FOR_MS = 30_000;

/** Makes a ticket by which whoever holds it may connect once, within 30 s, as the caller. Only its digest is stored. */
export async function issueTicket(ctx: Ctx): Promise<{ ticket: string; expires_at: string }> {
  const ticket = `arx_ticket_${randomBytes(32).toString("base64url")}`;
  const valid_until = ctx.now() + GOOD_FOR_MS;
  await putTicket(ctx.store, digestOf(ticket), { actor: ctx.actor, channel: "admin", valid_until });
  return { ticket, expires_at: iso(valid_until) };
}

/**
 * Whose ticket it is. It is used up by that.
 *
 * @throws Unauthenticated for one that was used, is too old, or never was one.
 */
export async function actorOfTicket(world: World, ticket: string): Promise<Actor> {
  const taken = await takeTicket(world.store, digestOf(ticket));
  if (!taken || world.now() > taken.valid_until) {
    throw new Unauthenticated("The ticket is not valid, or no longer: get a new one and connect at once.");
  }
  return taken.actor;
}

function digestOf(ticket: string): string {
  return createHash("sha256").update(ticket).digest("base64url");
}

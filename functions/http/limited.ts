import { type Ctx, describeActor } from "../../core/ctx.ts";
import { Limits } from "../../core/limits/index.ts";

/** The address that a call is counted for. */
export function addressOf({ caller }: Ctx): string {
  return Limits.callerAt(caller?.remoteAddr ?? "");
}

/** Whom a call is counted for: whoever it is that calls, and nobody in particular by the address. */
export function identityOf(ctx: Ctx): string {
  return ctx.actor.kind === "anyone" ? addressOf(ctx) : describeActor(ctx.actor);
}

import type { FleetSigns } from "../cells/index.ts";
import { type Ctx, describeActor } from "../ctx.ts";
import { Limits } from "../limits/index.ts";
import { Inflight } from "../selection/index.ts";
import type { Router } from "./presence.ts";
import { type RouteRequest, wantsForward } from "./schema.ts";

/** The fleet's rate, as the choice among nodes and the limits go by it. */
export function fleetRate(signs: FleetSigns) {
  return { routesPerSecond: signs.routes_per_s, routers: signs.routers, sessionSeconds: signs.session_s };
}

/**
 * Counts a request for whoever asks: an identity, or the address of nobody in particular. It is counted in this process alone, scaled to all
 * routers by their signs, so that it costs no write.
 *
 * @throws LimitExceeded; the request then leaves no record.
 */
export function countRequest(ctx: Ctx, router: Router, signs: FleetSigns, request: RouteRequest): void {
  const { actor, caller } = ctx;
  const name = wantsForward(request) ? "forward" : "route";
  const key = actor.kind === "anyone" ? Limits.callerAt(caller?.remoteAddr ?? "") : describeActor(actor);
  Limits.takeHere(
    ctx,
    actor.kind === "service" ? `${name}_by_service` : name,
    key,
    Inflight.scale(router.inflight, fleetRate(signs), ctx.now()),
  );
}

import type { FleetSigns, Near } from "../cells/index.ts";
import type { Ctx } from "../ctx.ts";
import { BadNode, NodeTimeout, type UnavailableCode } from "../errors.ts";
import { newId } from "../id.ts";
import { type RequestStatus, recordRequest } from "../requests/index.ts";
import { Inflight, Selection, STRATEGIES } from "../selection/index.ts";
import { verb } from "../verb.ts";
import { candidatesFor, type Looked, lookedAt } from "./candidates.ts";
import { type Attempt, forward } from "./forward.ts";
import { countRequest, fleetRate } from "./limit.ts";
import { announceIfDue, type Router, routerOf } from "./presence.ts";
import { EXPLANATIONS } from "./qualify.ts";
import { refusal } from "./refuse.ts";
import {
  type Considered,
  type RouteAnswer,
  type RoutedTo,
  type RouteRequest,
  routeInput,
  wantsForward,
} from "./schema.ts";

/** Nodes that `explain` lists, the nearest of those looked at: an answer has a size. */
const MAX_CONSIDERED = 1000;

/** Milliseconds that all attempts of one request share: the gateway gives up after 30 s. */
const FORWARD_BUDGET_MS = 24_000;

interface Candidate extends Selection.Candidate {
  readonly near: Near;
  readonly endpoint: string;
}
type Ranked = Selection.Ranked<Candidate>;

/** What came of a request, as it is answered and recorded. */
interface Outcome {
  readonly status: RequestStatus;
  readonly chosen: Ranked | undefined;
  readonly attempts: readonly Attempt[];
  readonly response?: unknown;
}

/**
 * Sends a client to the best node: the k nearest that qualify, in the strategy's order; forwards when asked, to the next where one fails;
 * records what came of it; answers.
 *
 * @throws Unavailable with its code when no node qualifies; BadNode or NodeTimeout when every candidate failed. Both are recorded.
 * LimitExceeded when the caller asks too often; that is not.
 */
export const route = verb(routeInput, async (ctx, request): Promise<RouteAnswer> => {
  const began = performance.now();
  const router = routerOf(ctx);
  const id = newId(ctx);
  const { near, signs, beyondMaxDistance } = await candidatesFor(ctx, request);
  countRequest(ctx, router, signs, request);
  const strategy = request.strategy ?? STRATEGIES[0];
  const ranked = Selection.order(strategy, near.map(candidateOf), {
    now: ctx.now(),
    random: ctx.random,
    inflight: router.inflight,
    fleet: fleetRate(signs),
    weights: {
      distance: ctx.config.DISTANCE_WEIGHT,
      load: ctx.config.LOAD_WEIGHT,
      health: ctx.config.HEALTH_WEIGHT,
    },
    maxDistanceKm: ctx.config.MAX_DISTANCE,
  });
  const looked =
    request.explain || ranked.length === 0 ? await lookedAt(ctx, request, ranked.length === 0) : [];
  const considered = request.explain
    ? { considered: consideredOf(looked, ranked), considered_total: looked.length }
    : {};
  const told = protectionOf(signs);

  const outcome = await settle(ctx, router, request, ranked);
  const refused = outcome.chosen
    ? undefined
    : refusal(new Set(looked.flatMap((one) => one.shortcoming ?? [])), { ...told, ...considered });
  const responseMs = Math.round((performance.now() - began) * 100) / 100;
  if (!request.dry_run) {
    await Promise.all([
      recordRequest(
        ctx,
        recordOf(ctx, id, request, outcome, refused?.code, responseMs, {
          strategy,
          candidates: ranked.length,
        }),
      ),
      announceIfDue(ctx, router),
    ]);
  }

  const { chosen, attempts } = outcome;
  if (!chosen) throw refused!;
  if (outcome.status === "failed") throw failure(attempts);
  return {
    ...(request.dry_run ? { dry_run: true } : { id }),
    request_id: request.request_id,
    routed_to: routedTo(chosen),
    alternatives: ranked.filter((one) => one !== chosen).map(routedTo),
    strategy,
    ...(beyondMaxDistance ? { beyond_max_distance: true } : {}),
    ...told,
    ...(attempts.length > 0
      ? {
          response_data: outcome.response,
          metrics: { response_time_ms: responseMs, node_id: chosen.candidate.id, attempts: attempts.length },
        }
      : {}),
    ...considered,
  };
});

/** Chooses the first, or forwards to one after the other until one completes. A dry run does neither. */
async function settle(
  ctx: Ctx,
  router: Router,
  request: RouteRequest,
  ranked: readonly Ranked[],
): Promise<Outcome> {
  const first = ranked[0];
  if (!first) return { status: "rejected", chosen: undefined, attempts: [] };
  if (request.dry_run) return { status: "routed", chosen: first, attempts: [] };
  if (!wantsForward(request)) {
    Inflight.recordSend(router.inflight, first.candidate.id, ctx.now());
    return { status: "routed", chosen: first, attempts: [] };
  }
  const attempts: Attempt[] = [];
  const deadline = performance.now() + FORWARD_BUDGET_MS;
  for (const one of ranked) {
    const left = Math.min(ctx.config.FORWARD_TIMEOUT_MS, deadline - performance.now());
    if (left <= 0) break;
    const sentAt = ctx.now();
    Inflight.recordSend(router.inflight, one.candidate.id, sentAt);
    const { attempt, response } = await forward(ctx, request, one.candidate, left);
    attempts.push(attempt);
    if (attempt.outcome === "completed") {
      Inflight.recordEnd(router.inflight, one.candidate.id, sentAt, ctx.now());
      return { status: "completed", chosen: one, attempts, response };
    }
    Inflight.recordFailure(router.inflight, one.candidate.id, ctx.now());
  }
  return { status: "failed", chosen: first, attempts };
}

/** How a request failed, as it is recorded. */
function failedBy(attempts: readonly Attempt[]): "NODE_TIMEOUT" | "BAD_NODE" {
  return attempts.every(({ outcome }) => outcome === "timeout") ? "NODE_TIMEOUT" : "BAD_NODE";
}

function failure(attempts: readonly Attempt[]): BadNode | NodeTimeout {
  const tried = `${attempts.length} of the nearest nodes ${attempts.length === 1 ? "was" : "were"} tried`;
  if (failedBy(attempts) === "NODE_TIMEOUT") return new NodeTimeout(`No node answered in time; ${tried}.`);
  return new BadNode(`No node could process the request; ${tried}.`);
}

function candidateOf(near: Near): Candidate {
  const { member, observation, observedAt } = near.node;
  return {
    near,
    id: member.id,
    endpoint: member.endpoint!,
    distanceKm: near.km,
    cpuUsage: observation!.cpu_usage,
    memoryUsage: observation!.memory_usage,
    activeConnections: observation!.active_connections,
    activeAgents: observation!.active_agents,
    capacity: member.capacity,
    health: observation!.health === "degraded" ? "degraded" : "healthy",
    observedAt,
  };
}

function routedTo({ candidate, loadScore, score }: Ranked): RoutedTo {
  return {
    id: candidate.id,
    name: candidate.near.node.member.name,
    endpoint: candidate.endpoint,
    distance: round(candidate.near.km),
    load_score: round(loadScore),
    score: round(score),
  };
}

function consideredOf(looked: readonly Looked[], ranked: readonly Ranked[]): Considered[] {
  const places = new Map(ranked.map((one) => [one.candidate.id, one]));
  return looked.slice(0, MAX_CONSIDERED).map(({ node, km, shortcoming }) => {
    const place = places.get(node.member.id);
    return {
      id: node.member.id,
      name: node.member.name,
      distance: round(km),
      qualified: shortcoming === null,
      reason: place ? null : reasonOf(shortcoming),
      score: place ? round(place.score) : null,
      load_score: place ? round(place.loadScore) : null,
      terms: place
        ? Object.fromEntries(Object.entries(place.terms).map(([name, term]) => [name, round(term)]))
        : null,
    };
  });
}

function reasonOf(shortcoming: Looked["shortcoming"]): string {
  if (shortcoming === "too_far") return "is farther than `max_distance_km`";
  return shortcoming ? EXPLANATIONS[shortcoming] : "qualifies, but others are nearer";
}

function protectionOf(signs: FleetSigns): { fleet_protection?: true } {
  return signs.protected ? { fleet_protection: true } : {};
}

/** Six decimals: millimetres of distance, and more than any score means. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function recordOf(
  ctx: Ctx,
  id: string,
  request: RouteRequest,
  { status, chosen, attempts, response }: Outcome,
  refusedFor: UnavailableCode | undefined,
  responseMs: number,
  processing: Readonly<Record<string, unknown>>,
): Parameters<typeof recordRequest>[1] {
  const { payload, headers, metadata, client_info } = request;
  const asked = {
    payload,
    headers,
    require: request.require,
    k: request.k,
    max_distance_km: request.max_distance_km,
  };
  const named = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const to = status === "failed" ? undefined : chosen;
  return {
    id,
    request_id: request.request_id,
    ...request.coordinates,
    selected_node_id: to?.candidate.id ?? null,
    distance: to ? round(to.candidate.near.km) : null,
    load_score: to ? round(to.loadScore) : null,
    status,
    error: status === "failed" ? failedBy(attempts) : (refusedFor ?? null),
    response_time_ms: responseMs,
    request_data: Object.keys(named).length > 0 ? named : null,
    response_data: response ?? null,
    metadata: {
      ...metadata,
      ...(ctx.caller ? { user_agent: ctx.caller.userAgent, remote_addr: ctx.caller.remoteAddr } : {}),
      request_time: new Date(ctx.now()).toISOString(),
      priority: request.priority,
    },
    client_info: client_info ?? null,
    processing_metrics: attempts.length > 0 ? { ...processing, attempts } : processing,
    created_at: ctx.now(),
  };
}

import { Conflict, DomainError, Malformed } from "../errors.ts";

export const DESIRED_STATES = ["inactive", "active", "draining", "disabled", "discovered"] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

export const HEALTHS = ["unknown", "healthy", "degraded", "unhealthy"] as const;
export type Health = (typeof HEALTHS)[number];

/** A node's status in the words of the supervisor's clients. */
export const STATUSES = [
  "inactive",
  "disabled",
  "discovered",
  "draining",
  "active",
  "healthy",
  "degraded",
  "unhealthy",
] as const;
export type Status = (typeof STATUSES)[number];

export type Transition = "activate" | "deactivate" | "drain" | "disable";

/** The status that desired state and health make together. */
export function statusOf(desired: DesiredState, health: Health): Status {
  if (desired !== "active") return desired;
  return health === "unknown" ? "active" : health;
}

/** Whether sweeps probe a node in this state (SPEC H10). */
export function isWatched(desired: DesiredState): boolean {
  return desired === "active" || desired === "draining";
}

const TRANSITIONS: Readonly<Record<Transition, { from: readonly DesiredState[]; to: DesiredState }>> = {
  activate: { from: ["inactive", "disabled", "discovered", "draining"], to: "active" },
  deactivate: { from: ["active", "draining", "discovered"], to: "inactive" },
  drain: { from: ["active"], to: "draining" },
  disable: { from: ["inactive", "active", "draining", "discovered"], to: "disabled" },
};

/**
 * The state that a transition leads to (SPEC N4–N7).
 *
 * @throws Malformed for activating an active node, Conflict for any other illegal transition (SPEC N9).
 */
export function transition(kind: Transition, from: DesiredState): DesiredState {
  const { from: legal, to } = TRANSITIONS[kind];
  if (legal.includes(from)) return to;
  throw refusal(kind, from);
}

function refusal(kind: Transition, from: DesiredState): DomainError {
  if (kind === "activate") return new Malformed("The node is already active.");
  const { from: legal } = TRANSITIONS[kind];
  return new Conflict(`A node that is ${from} can't ${kind}; it must be ${legal.join(" or ")}.`);
}

/** The transition that leads to a state, for clients that name the state they want (SPEC N10). */
export const TRANSITION_TO: Readonly<Partial<Record<DesiredState, Transition>>> = {
  active: "activate",
  inactive: "deactivate",
  draining: "drain",
  disabled: "disable",
};

import type { Routable } from "../cells/index.ts";
import type { RouteRequest } from "./schema.ts";

/** Why a node is no candidate. The first that applies, in this order, is the one that is told. */
export type Shortcoming = "requirement" | "draining" | "unseen" | "unhealthy" | "full" | "out_of_radius";

/** What a shortcoming means, in the words of `considered[].reason`. */
export const EXPLANATIONS: Readonly<Record<Shortcoming, string>> = {
  requirement: "does not meet `require`",
  draining: "is draining",
  unseen: "was not seen healthy yet",
  unhealthy: "is unhealthy",
  full: "is full",
  out_of_radius: "its service radius does not reach the client",
};

export type Requirement = NonNullable<RouteRequest["require"]>;

/** What keeps a node from being a candidate, or null. `chord2` is its squared chord from the client. */
export function shortcoming(
  node: Routable,
  chord2: number,
  require: Requirement | undefined,
): Shortcoming | null {
  const { member, observation } = node;
  if (require !== undefined && !meets(member, require)) return "requirement";
  if (member.draining) return "draining";
  if (observation === undefined || observation.health === "unknown" || member.endpoint === undefined)
    return "unseen";
  if (observation.health === "unhealthy") return "unhealthy";
  if (observation.active_connections >= member.capacity) return "full";
  if (chord2 > node.reach) return "out_of_radius";
  return null;
}

/** Whether a node has everything that is required: each label and service, and the role, region and provider. */
export function meets(member: Routable["member"], require: Requirement): boolean {
  return (
    (require.role === undefined || require.role === member.role) &&
    (require.region === undefined || require.region === member.region) &&
    (require.provider === undefined || require.provider === member.provider) &&
    (require.labels === undefined || require.labels.every((label) => member.labels.includes(label))) &&
    (require.services === undefined || require.services.every((service) => member.services.includes(service)))
  );
}

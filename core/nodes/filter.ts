import type { Condition } from "../store/index.ts";
import type { DesiredState, Health, Status } from "./lifecycle.ts";

/** What a listing asks of nodes; all of it must match. */
export interface NodeFilter {
  readonly status?: Status | undefined;
  readonly role?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly region?: string | undefined;
  readonly provider?: string | undefined;
}

/** The filter as a condition on items; undefined when it asks for nothing. */
export function filterOf(asked: NodeFilter): Condition | undefined {
  const parts: string[] = [];
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const equals = (attribute: string, value: string | undefined) => {
    if (value === undefined) return;
    names[`#${attribute}`] = attribute;
    values[`:${attribute}`] = value;
    parts.push(`#${attribute} = :${attribute}`);
  };
  const { desired, health } = factsOf(asked.status);
  equals("desired_state", desired);
  equals("health", health);
  equals("role", asked.role);
  equals("region", asked.region);
  equals("provider", asked.provider);
  for (const [at, label] of (asked.label ?? []).entries()) {
    names["#labels"] = "labels";
    values[`:label${at}`] = label;
    parts.push(`contains(#labels, :label${at})`);
  }
  return parts.length === 0 ? undefined : { expression: parts.join(" AND "), names, values };
}

/** The two facts that make a status; a state that shows no health asks for none. */
function factsOf(status: Status | undefined): { desired?: DesiredState; health?: Health } {
  switch (status) {
    case "active":
      return { desired: "active", health: "unknown" };
    case "healthy":
    case "degraded":
    case "unhealthy":
      return { desired: "active", health: status };
    default:
      return status === undefined ? {} : { desired: status };
  }
}

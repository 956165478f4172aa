import { Unavailable, type UnavailableCode } from "../errors.ts";
import type { Shortcoming } from "./qualify.ts";

const SENTENCES: Readonly<Record<UnavailableCode, string>> = {
  NO_NODES: "There is no node to route to.",
  NO_MATCH: "No node meets what is required.",
  ALL_FULL: "Every node that could serve is full.",
  ALL_UNHEALTHY: "No node that could serve is healthy.",
  TOO_FAR: "Every node that could serve is too far away.",
};

/**
 * Why nothing could be routed to, from what kept each node that was looked at: the closest that any came to serving. A node that was only
 * too far came closer than a full one, a full one closer than an unhealthy one, that one closer than one that lacks a label.
 */
export function refusal(
  shortcomings: ReadonlySet<Shortcoming | "too_far">,
  extra: Readonly<Record<string, unknown>>,
): Unavailable {
  const code = codeFor(shortcomings);
  return new Unavailable(SENTENCES[code], code, extra);
}

function codeFor(shortcomings: ReadonlySet<Shortcoming | "too_far">): UnavailableCode {
  if (shortcomings.size === 0) return "NO_NODES";
  if (shortcomings.has("too_far") || shortcomings.has("out_of_radius")) return "TOO_FAR";
  if (shortcomings.has("full")) return "ALL_FULL";
  const inPool: readonly Shortcoming[] = ["unhealthy", "unseen", "draining"];
  return inPool.some((one) => shortcomings.has(one)) ? "ALL_UNHEALTHY" : "NO_MATCH";
}

import { describe, expect, it } from "vitest";
import { Conflict, Malformed } from "../errors.ts";
import {
  DESIRED_STATES,
  type DesiredState,
  HEALTHS,
  isWatched,
  statusOf,
  type Transition,
  transition,
} from "./lifecycle.ts";

const LEGAL: readonly [rule: string, kind: Transition, from: readonly DesiredState[], to: DesiredState][] = [
  ["N4", "activate", ["inactive", "disabled", "discovered", "draining"], "active"],
  ["N5", "deactivate", ["active", "draining", "discovered"], "inactive"],
  ["N6", "drain", ["active"], "draining"],
  ["N7", "disable", ["inactive", "active", "draining", "discovered"], "disabled"],
];

describe("transition", () => {
  const legal = LEGAL.flatMap(([rule, kind, from, to]) =>
    from.map((state) => ({ rule, kind, from: state, to })),
  );
  it.each(legal)("$rule: $kind leads from $from to $to", ({ kind, from, to }) => {
    expect(transition(kind, from)).toBe(to);
  });

  const illegal = LEGAL.flatMap(([, kind, legal]) =>
    DESIRED_STATES.filter((state) => !legal.includes(state)).map((from) => ({ kind, from })),
  );
  it.each(illegal)("N9: $kind is refused from $from", ({ kind, from }) => {
    expect(() => transition(kind, from)).toThrow(kind === "activate" ? Malformed : Conflict);
  });
});

describe("status", () => {
  it("is the desired state of every node that is not active, whatever was observed", () => {
    for (const desired of DESIRED_STATES.filter((state) => state !== "active")) {
      for (const health of HEALTHS) expect(statusOf(desired, health)).toBe(desired);
    }
  });

  it("is the health of an active node, and active while that is unknown", () => {
    expect(HEALTHS.map((health) => statusOf("active", health))).toEqual([
      "active",
      "healthy",
      "degraded",
      "unhealthy",
    ]);
  });

  it("H10: only active and draining nodes are watched", () => {
    expect(DESIRED_STATES.filter(isWatched)).toEqual(["active", "draining"]);
  });
});

import { describe, expect, it } from "vitest";
import { timeOfId } from "../id.ts";
import { countFlaps, rowOf } from "./ledger.ts";
import { born } from "./revise.ts";

const random = Math.random;
const first = born(
  { id: "n", origin: "registered", desired_state: "active", epoch: 3, at: 1_700_000_000_000 },
  { name: "n" },
);

describe("rowOf", () => {
  it("N12: tells what changed, when, by whom and on what evidence", () => {
    const after = { ...first, health: "healthy" as const, revision: 2 };
    const row = rowOf(first, after, 1_700_000_000_500, {
      by: "system:sweep",
      evidence: "200 in 12 ms",
      random,
    })!;
    expect(row).toEqual({
      id: row.id,
      node_id: "n",
      at: 1_700_000_000_500,
      from: "active",
      to: "healthy",
      by: "system:sweep",
      evidence: "200 in 12 ms",
      epoch: 3,
    });
    expect(timeOfId(row.id)).toBe(1_700_000_000_500);
  });

  it("N12: is there for a birth and a deletion, and not for a change that leaves the status", () => {
    const cause = { by: "admin:a", random };
    expect(rowOf(null, first, 1, cause)).toMatchObject({ from: null, to: "active" });
    expect(rowOf(first, null, 1, cause)).toMatchObject({ from: "active", to: "deleted" });
    expect(rowOf(first, { ...first, name: "m", revision: 2 }, 1, cause)).toBeNull();
    const draining = { ...first, desired_state: "draining" as const };
    expect(rowOf(draining, { ...draining, health: "unhealthy", revision: 2 }, 1, cause)).toBeNull();
  });

  it("keeps the order of the writes within one millisecond", () => {
    const ids = Array.from({ length: 50 }, (_, at) => {
      const before = {
        ...first,
        desired_state: at % 2 ? ("draining" as const) : ("active" as const),
        revision: at + 1,
      };
      const after = {
        ...first,
        desired_state: at % 2 ? ("active" as const) : ("draining" as const),
        revision: at + 2,
      };
      return rowOf(before, after, 5000, { by: "admin:a", random })!.id;
    });
    expect(ids.toSorted()).toEqual(ids);
  });

  it("bounds its evidence", () => {
    const row = rowOf(null, first, 1, { by: "admin:a", evidence: "x".repeat(100_000), random })!;
    expect(row.evidence).toHaveLength(500);
  });
});

describe("countFlaps", () => {
  it("counts changes between good and bad, both ways, and no other", () => {
    const rows: [string | null, string][] = [
      [null, "active"],
      ["active", "healthy"],
      ["healthy", "degraded"],
      ["degraded", "unhealthy"],
      ["unhealthy", "healthy"],
      ["healthy", "unhealthy"],
      ["unhealthy", "inactive"],
      ["inactive", "active"],
      ["active", "unhealthy"],
    ];
    expect(countFlaps(rows.map(([from, to]) => ({ from, to })))).toBe(3);
  });
});

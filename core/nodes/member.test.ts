import { describe, expect, it } from "vitest";
import { DESIRED_STATES } from "./lifecycle.ts";
import { concernsCells, memberOf, touchOf } from "./member.ts";
import { born } from "./revise.ts";

const node = born(
  { id: "n", origin: "registered", desired_state: "active", epoch: 1, at: 0 },
  { name: "n", endpoint: "http://h", location: { lat: 1, lng: 2 } },
);

describe("what cells hold", () => {
  it("H10: is there while a node is watched", () => {
    const held = DESIRED_STATES.filter((desired_state) => memberOf({ ...node, desired_state }));
    expect(held).toEqual(["active", "draining"]);
    expect(memberOf(node)).toMatchObject({
      id: "n",
      probe_url: "http://h/health",
      draining: false,
      epoch: 1,
    });
  });

  it("changes with what probing, qualification and answers need, and not with a flip", () => {
    expect(concernsCells(null, node)).toBe(true);
    expect(concernsCells(node, null)).toBe(true);
    expect(concernsCells(node, { ...node, name: "m", revision: 2 })).toBe(true);
    expect(concernsCells(node, { ...node, desired_state: "draining", revision: 2 })).toBe(true);
    expect(concernsCells(node, { ...node, health: "healthy", revision: 2 })).toBe(false);
    expect(concernsCells(node, { ...node, metadata: { a: 1 }, revision: 2 })).toBe(false);
    expect(
      concernsCells({ ...node, desired_state: "inactive" }, { ...node, desired_state: "disabled" }),
    ).toBe(false);
  });

  it("is looked for at every place the node may have been filed under", () => {
    const moved = { ...node, lat: 3, lng: 4 };
    expect(touchOf(node, moved)).toEqual({
      id: "n",
      places: [
        { lat: 1, lng: 2 },
        { lat: 3, lng: 4 },
      ],
    });
    expect(touchOf(null, node).places).toEqual([{ lat: 1, lng: 2 }]);
    expect(touchOf(node, null).places).toEqual([{ lat: 1, lng: 2 }]);
  });
});

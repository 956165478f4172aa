import { describe, expect, it } from "vitest";
import { Conflict } from "../errors.ts";
import { DESIRED_STATES, type DesiredState } from "./lifecycle.ts";
import { amended, born, drained, flipped, transitioned } from "./revise.ts";

const node = (desired_state: DesiredState = "active", given: Parameters<typeof amended>[1] = {}) =>
  born(
    { id: "zurich-1", origin: "registered", desired_state, epoch: 1, at: 1000 },
    { endpoint: "https://zurich.example.com", location: { lat: 47, lng: 8 }, ...given, name: "Zurich 1" },
  );

describe("born", () => {
  it("H1: begins as unknown, at revision 1, with what nobody said at its default", () => {
    expect(node()).toEqual({
      id: "zurich-1",
      name: "Zurich 1",
      endpoint: "https://zurich.example.com",
      lat: 47,
      lng: 8,
      labels: [],
      services: [],
      capacity: 100,
      capabilities: {},
      metadata: {},
      desired_state: "active",
      health: "unknown",
      epoch: 1,

      origin: "registered",
      created_at: 1000,
      updated_at: 1000,
      revision: 1,
    });
  });
});

describe("amended", () => {
  it("leaves what is not named as it is", () => {
    const before = node("active", { role: "edge", labels: ["a"] });
    expect(amended(before, { name: "Z", role: undefined })).toEqual({ ...before, name: "Z" });
  });

  it("takes away what is null, or puts it back to its default", () => {
    const before = node("active", { role: "edge", labels: ["a"], capacity: 7, metadata: { a: 1 } });
    const after = amended(before, {
      role: null,
      labels: null,
      capacity: null,
      metadata: null,
      location: null,
    });
    expect(after).toEqual({ ...node(), lat: undefined, lng: undefined });
    expect(after).not.toHaveProperty("lat");
    expect(after).not.toHaveProperty("role");
  });

  it("H1: observes anew what is probed elsewhere, and only that", () => {
    const seen = { ...node(), health: "healthy" as const };
    expect(amended(seen, { endpoint: "https://b.example.com" })).toMatchObject({
      health: "unknown",
      epoch: 2,
    });
    expect(amended(seen, { health_check_url: "https://b.example.com/h" })).toMatchObject({
      health: "unknown",
      epoch: 2,
    });
    expect(amended(seen, { name: "b", location: { lat: 1, lng: 1 } })).toMatchObject({
      health: "healthy",
      epoch: 1,
    });
  });

  it("does not keep a health check URL that is the default one", () => {
    const seen = { ...node(), health: "healthy" as const };
    expect(amended(seen, { health_check_url: "https://zurich.example.com/health" })).toEqual(seen);
  });
});

describe("transitioned", () => {
  it("N4, H1: activating observes anew, and ends a drain", () => {
    const draining = transitioned({ ...node(), health: "healthy" }, "drain", 5000);
    expect(draining).toMatchObject({
      desired_state: "draining",
      drain_deadline: 5000,
      health: "healthy",
      epoch: 1,
    });
    const active = transitioned(draining, "activate", 0);
    expect(active).toMatchObject({ desired_state: "active", health: "unknown", epoch: 2 });
    expect(active).not.toHaveProperty("drain_deadline");
  });

  it("N9: refuses what is illegal", () => {
    expect(() => transitioned(node("inactive"), "drain", 0)).toThrow(Conflict);
  });
});

describe("flipped", () => {
  it("takes the health that its epoch's sweep found, once", () => {
    const healthy = flipped(node(), 1, "healthy")!;
    expect(healthy.health).toBe("healthy");
    expect(flipped(healthy, 1, "healthy")).toBeNull();
  });

  it("H1: says nothing of another epoch", () => {
    expect(flipped(node(), 2, "healthy")).toBeNull();
    expect(flipped(transitioned(node("inactive"), "activate", 0), 1, "healthy")).toBeNull();
  });

  it("H10: says nothing of a node that is not watched", () => {
    const watched = DESIRED_STATES.filter((state) => flipped(node(state), 1, "unhealthy"));
    expect(watched).toEqual(["active", "draining"]);
  });
});

describe("drained", () => {
  it("N8: makes a draining node inactive, once", () => {
    const inactive = drained(transitioned(node(), "drain", 5000))!;
    expect(inactive.desired_state).toBe("inactive");
    expect(inactive).not.toHaveProperty("drain_deadline");
    expect(drained(inactive)).toBeNull();
  });

  it("N8: leaves the drain of another epoch alone", () => {
    const again = transitioned(transitioned(transitioned(node(), "drain", 1), "activate", 0), "drain", 9);
    expect(drained(again, 1)).toBeNull();
    expect(drained(again, 2)?.desired_state).toBe("inactive");
  });
});

import { expect, test } from "vitest";
import type { Routable } from "../cells/index.ts";
import { kmToChord2 } from "../geo/index.ts";
import { meets, shortcoming } from "./qualify.ts";

const member: Routable["member"] = {
  id: "a",
  name: "A",
  lat: 47,
  lng: 8,
  endpoint: "http://a.example.com",
  probe_url: undefined,
  role: "edge",
  region: "eu",
  provider: "p",
  labels: ["gpu", "ssd"],
  services: ["ar", "tiles"],
  service_radius_km: undefined,
  capacity: 10,
  draining: false,
  drain_deadline: undefined,
  epoch: 1,
};
const observation: NonNullable<Routable["observation"]> = {
  epoch: 1,
  health: "healthy",
  cpu_usage: 10,
  memory_usage: 10,
  active_connections: 3,
  active_agents: 0,
  failures: 0,
  successes: 1,
};
const far = kmToChord2(100);

function node(over: Partial<Routable["member"]>, seen: Partial<typeof observation> | null = {}): Routable {
  return {
    member: { ...member, ...over },
    reach: Number.POSITIVE_INFINITY,
    observation: seen === null ? undefined : { ...observation, ...seen },
    observedAt: 1,
  };
}

test.each([
  ["healthy", node({}), null],
  ["degraded", node({}, { health: "degraded" }), null],
  ["one connection short of full", node({}, { active_connections: 9 }), null],
  ["full", node({}, { active_connections: 10 }), "full"],
  ["overfull", node({}, { active_connections: 11 }), "full"],
  ["unhealthy", node({}, { health: "unhealthy" }), "unhealthy"],
  ["of unknown health", node({}, { health: "unknown" }), "unseen"],
  ["never seen", node({}, null), "unseen"],
  ["without an endpoint", node({ endpoint: undefined }), "unseen"],
  ["draining", node({ draining: true }), "draining"],
  [
    "draining, unhealthy and full",
    node({ draining: true }, { health: "unhealthy", active_connections: 99 }),
    "draining",
  ],
  ["unhealthy and full", node({}, { health: "unhealthy", active_connections: 99 }), "unhealthy"],
])("a node that is %s", (_, given, expected) => {
  expect(shortcoming(given, far, undefined)).toBe(expected);
});

test("a service radius ends at its own length, and full comes before out of it", () => {
  const within = { ...node({}), reach: kmToChord2(100) };
  expect(shortcoming(within, kmToChord2(100), undefined)).toBeNull();
  expect(shortcoming(within, kmToChord2(100.001), undefined)).toBe("out_of_radius");
  const full = { ...node({}, { active_connections: 10 }), reach: kmToChord2(1) };
  expect(shortcoming(full, far, undefined)).toBe("full");
});

test("everything that is required must be there, each label and service of it", () => {
  const all = { role: "edge", region: "eu", provider: "p", labels: ["ssd", "gpu"], services: ["tiles"] };
  expect(meets(member, all)).toBe(true);
  expect(meets(member, {})).toBe(true);
  expect(meets(member, { labels: [], services: [] })).toBe(true);
  for (const wrong of [
    { role: "x" },
    { region: "x" },
    { provider: "x" },
    { labels: ["gpu", "x"] },
    { services: ["x"] },
  ]) {
    expect(meets(member, { ...all, ...wrong })).toBe(false);
    expect(shortcoming(node({ draining: true }), far, { ...all, ...wrong })).toBe("requirement");
  }
  expect(meets({ ...member, role: undefined, labels: [] }, { role: "edge" })).toBe(false);
});

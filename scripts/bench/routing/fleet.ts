import type { Member } from "../../../core/cells/index.ts";
import type { NodeObservation } from "../../../core/cells/state.ts";
import type { Position } from "../../../core/geo/index.ts";
import { newId } from "../../../core/id.ts";
import { anywhere, type Cities, jittered, positionOf } from "./places.ts";

export type Spread = "uniform" | "city-like";

const LABELS = ["gpu", "ssd", "tier-1", "tier-2", "canary", "arm64"];
/** The time the first node of a fleet was made; the others follow by the minute. */
const FIRST_MADE = Date.UTC(2026, 0, 1);

/** A fleet as operators have them: ids by Arx, speaking names, addresses under one domain, a label or two, a region. */
export function fleetOf(spread: Spread, count: number, cities: Cities, random: () => number): Member[] {
  return Array.from({ length: count }, (_, i) => {
    const city = cities.draw(random);
    const at = spread === "uniform" ? anywhere(random) : jittered(positionOf(city), 8, random);
    return memberAt(i, at, city.country.toLowerCase(), random);
  });
}

function memberAt(i: number, { lat, lng }: Position, country: string, random: () => number): Member {
  const host = `edge-${country}-${String(i).padStart(6, "0")}`;
  const endpoint = `https://${host}.nodes.example.net`;
  const first = Math.floor(random() * LABELS.length);
  return {
    id: newId({ now: () => FIRST_MADE + i * 60_000, random }),
    name: host,
    lat,
    lng,
    endpoint,
    probe_url: `${endpoint}/health`,
    role: "edge",
    region: `${country}-${1 + Math.floor(random() * 3)}`,
    provider: undefined,
    labels: random() < 0.5 ? [LABELS[first]!] : [LABELS[first]!, LABELS[(first + 1) % LABELS.length]!],
    services: [],
    service_radius_km: undefined,
    capacity: 100,
    draining: false,
    drain_deadline: undefined,
    epoch: 1,
  };
}

/** What a sweep sees of a node that is well. */
export function seen({ epoch }: Member, random: () => number): NodeObservation {
  return {
    epoch,
    health: "healthy",
    cpu_usage: Math.round(random() * 60),
    memory_usage: Math.round(30 + random() * 40),
    active_connections: Math.floor(random() * 50),
    active_agents: 0,
    failures: 0,
    successes: 9,
  };
}

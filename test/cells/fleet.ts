import { Cells, type Member, type Source } from "../../core/cells/index.ts";
import type { World } from "../../core/ctx.ts";
import { roundDegrees } from "../../core/nodes/schema.ts";

/** A member with nothing special about it. */
export function member(
  id: string,
  lat: number | undefined,
  lng: number | undefined,
  over: Partial<Member> = {},
): Member {
  return {
    id,
    name: `Node ${id}`,
    lat: lat === undefined ? undefined : roundDegrees(lat),
    lng: lng === undefined ? undefined : roundDegrees(lng),
    endpoint: `http://127.0.0.1:1/${id}`,
    probe_url: `http://127.0.0.1:1/${id}/health`,
    role: undefined,
    region: undefined,
    provider: undefined,
    labels: [],
    services: [],
    service_radius_km: undefined,
    capacity: 100,
    draining: false,
    drain_deadline: undefined,
    epoch: 1,
    ...over,
  };
}

/** A source of truth that a test changes at will; each change is told to the cells by `tell`. */
export class Truth {
  readonly members = new Map<string, Member>();
  readonly #places = new Map<string, { lat?: number | undefined; lng?: number | undefined }[]>();
  readonly source: Source = async (ids) => new Map(ids.map((id) => [id, this.members.get(id) ?? null]));

  put(...members: readonly Member[]): string[] {
    for (const one of members) {
      this.members.set(one.id, one);
      this.#places.set(one.id, [...(this.#places.get(one.id) ?? []), { lat: one.lat, lng: one.lng }]);
    }
    return members.map((one) => one.id);
  }

  drop(...ids: readonly string[]): string[] {
    for (const id of ids) this.members.delete(id);
    return [...ids];
  }

  tell(world: World, ids: readonly string[]): Promise<boolean> {
    return Cells.reflect(
      world,
      ids.map((id) => ({ id, places: this.#places.get(id) ?? [] })),
      this.source,
    );
  }
}

/** Every member that the cells hold, by reading all of them; a node in two cells stands twice. */
export async function allMembers(world: World): Promise<Member[]> {
  const found: Member[] = [];
  for await (const unit of Cells.units(world)) {
    for (const cell of await Cells.read(world, unit.cells)) found.push(...cell.members);
  }
  return found;
}

/** Marks every node in every cell as seen healthy, as a sweep does. */
export async function observeAll(world: World, wave: number, at: number): Promise<void> {
  for await (const unit of Cells.units(world)) {
    const versions = new Map<string, number>();
    for (const cell of await Cells.read(world, unit.cells)) {
      const nodes = new Map(cell.members.map((one) => [one.id, healthy(one)]));
      const version = await Cells.writeObservation(world, cell.cell, cell.observed, { wave, at, nodes });
      if (version !== null) versions.set(cell.cell, version);
    }
    await Cells.publish(world, unit.directory, versions);
  }
}

export function healthy(one: Member) {
  return {
    epoch: one.epoch,
    health: "healthy" as const,
    cpu_usage: 10,
    memory_usage: 20,
    active_connections: 0,
    active_agents: 0,
    failures: 0,
    successes: 1,
  };
}

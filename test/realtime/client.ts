import { randomUUID } from "node:crypto";
import type { Actor, World } from "../../core/ctx.ts";
import type { Event, Fact } from "../../core/events/index.ts";
import { Realtime } from "../../core/realtime/index.ts";
import { wants } from "../../core/realtime/matching.ts";
import { subscriptionOf } from "../../core/realtime/schema.ts";
import type { Gateway } from "./gateway.ts";

const ADMIN: Actor = { kind: "admin", id: "test", session: "test" };

export interface Asked {
  readonly types?: Fact["type"][];
  readonly cells?: string[];
}

/** A client that drops ids that are not above the last it saw, and comes back with that one as its cursor. */
export class Client {
  readonly asked: Asked;
  readonly received: Event[] = [];
  /** Where snapshots were to be taken instead: after the first id, up to the second. */
  readonly gaps: { readonly after: string; readonly upTo: string; readonly reason: unknown }[] = [];
  readonly faults: string[] = [];
  /** The cursor of its first subscription. */
  start: string | undefined;
  last: string | undefined;
  repeats = 0;
  isSubscribed = false;
  isFirst = true;
  id: string | null = null;
  readonly #gateway: Gateway;

  constructor(gateway: Gateway, asked: Asked) {
    this.#gateway = gateway;
    this.asked = asked;
  }

  /** Opens a connection and subscribes, by whatever process serves it. */
  async connect(world: World, peers = this.#gateway.from()): Promise<void> {
    const id = randomUUID();
    this.id = id;
    this.isSubscribed = false;
    try {
      await Realtime.open(world, id, ADMIN, true);
    } catch (error) {
      if (this.id === id) this.id = null;
      throw error;
    }
    // It broke before it was open.
    if (this.id !== id) return Realtime.closed(world, id);
    this.#gateway.connect(id, {
      take: (text) => this.#take(text),
      ended: () => {
        if (this.id === id) this.id = null;
      },
    });
    const asked = { ...this.asked, ...(this.last === undefined ? {} : { since: this.last }) };
    await Realtime.subscribe(world, peers, id, asked);
  }

  /** The connection breaks; API Gateway tells of it, or does not. */
  async disconnect(world: World, isTold: boolean): Promise<void> {
    const { id } = this;
    if (id === null) return;
    this.id = null;
    this.#gateway.disconnect(id);
    if (isTold) await Realtime.closed(world, id);
  }

  #take(text: string): void {
    const told = [JSON.parse(text) as Event | Event[]].flat();
    if (told.some(({ id }, at) => at > 0 && id <= told[at - 1]!.id))
      this.faults.push("a message out of order");
    for (const event of told) this.#see(event);
  }

  #see(event: Omit<Event, "type"> & { type: string }): void {
    const { type, id, data } = event;
    if (type === "subscribed") {
      this.start ??= id;
      this.last ??= id;
      this.isSubscribed = true;
      this.isFirst = true;
      return;
    }
    if (!this.isSubscribed) this.faults.push(`${type} before subscribed`);
    const isAnswer = type === "snapshot_required" && this.isFirst;
    this.isFirst = false;
    if (!isAnswer && id <= this.last!) {
      this.repeats += 1;
      return;
    }
    if (type === "snapshot_required") this.gaps.push({ after: this.last!, upTo: id, reason: data.reason });
    else this.received.push(event as Event);
    this.last = id;
  }

  /** What is wrong with what it got, of a log that was broadcast to its end; nothing when it got what it must. */
  complaints(facts: readonly Fact[]): string[] {
    const subscription = subscriptionOf(this.asked);
    const due = facts.filter(
      (fact) =>
        fact.id > this.start! &&
        wants(subscription, fact) &&
        !this.gaps.some(({ after, upTo }) => fact.id > after && fact.id <= upTo),
    );
    const isHealth = ({ type }: Event) => type === "node_health_updated";
    const got = new Map(this.received.map((event) => [event.id, event]));
    const wrong = [...this.faults];
    if (got.size !== this.received.length) wrong.push("an event twice");
    const newest = new Map(due.filter(isHealth).map((fact) => [fact.data.id, fact.id]));
    for (const fact of due) {
      const isMust = !isHealth(fact) || newest.get(fact.data.id) === fact.id;
      if (isMust && !got.has(fact.id)) wrong.push(`missing ${fact.type} ${fact.id}`);
    }
    const known = new Map(due.map((fact) => [fact.id, fact]));
    for (const { id, type, at, data } of this.received) {
      const fact = known.get(id);
      if (!fact) wrong.push(`${type} ${id} was not for it`);
      else if (JSON.stringify([fact.type, fact.at, fact.data]) !== JSON.stringify([type, at, data]))
        wrong.push(`${type} ${id} is another`);
    }
    if (this.received.some(({ id }, at) => at > 0 && id <= this.received[at - 1]!.id))
      wrong.push("out of order");
    return wrong;
  }
}

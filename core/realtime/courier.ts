import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../ctx.ts";
import { type Connection, getConnection } from "./items.ts";
import type { Peers } from "./peers.ts";

/** What became of a message: `over` when another subscription of the connection began meanwhile, or it has ended. */
type Carried = "sent" | "refused" | "over";

/** Brings a connection what its subscription owes it. */
export interface Courier {
  readonly sent: number;
  /** Whether it has taken all the messages, or all the time, that it may. */
  readonly isSpent: boolean;
  carry(text: string): Promise<Carried>;
}

export const MESSAGE_EVERY_MS = 1000;
/** A client must have caught up within these: a function has 29 s, and its last message may take three. */
const MAX_MESSAGES = 20;
const MAX_MS = 20_000;

/** A courier for the generation that a connection is in: a message a second, and none when that is over (SPEC R2, R5). */
export function openCourier(world: World, peers: Peers, { id, generation }: Connection): Courier {
  const opened = performance.now();
  let sent = 0;
  let sentAt = 0;
  return {
    get sent() {
      return sent;
    },
    get isSpent() {
      return sent >= MAX_MESSAGES || performance.now() - opened > MAX_MS;
    },
    async carry(text) {
      if (sent > 0) await sleep(Math.max(0, sentAt + MESSAGE_EVERY_MS - performance.now()));
      const present = await getConnection(world.store, id);
      if (present?.generation !== generation) return "over";
      sentAt = performance.now();
      sent += 1;
      return (await peers.post(id, text)) === "sent" ? "sent" : "refused";
    },
  };
}

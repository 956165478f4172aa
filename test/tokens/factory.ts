import type { Sealer } from "../../core/sealing/index.ts";
import { newSealingKey, openLocalSealer } from "../../scripts/local/sealing.ts";
import { steadyClock } from "../nodes/factory.ts";
import { openTestWorld, type TestWorld, type WorldOverrides } from "../world/index.ts";

export interface SigningWorld extends TestWorld {
  readonly sealer: Sealer;
  readonly clock: ReturnType<typeof steadyClock>;
}

/** DynamoDB Local forgets by the machine's clock what has expired: a time that it does not come to. */
const START = Date.UTC(2100, 0, 1);

/** A world that signs, whose time stands until it is moved. */
export async function openSigningWorld(overrides: WorldOverrides = {}): Promise<SigningWorld> {
  const clock = steadyClock(START);
  const world = await openTestWorld({ now: clock.now, ...overrides });
  return { ...world, sealer: openLocalSealer(newSealingKey()), clock };
}

/** The same world, with every call to the store counted by its command. */
export function counted<W extends TestWorld>(world: W): { world: W; calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const doc = new Proxy(world.store.doc, {
    get(target, name) {
      if (name !== "send") return Reflect.get(target, name, target);
      return (command: object) => {
        calls.set(command.constructor.name, (calls.get(command.constructor.name) ?? 0) + 1);
        return target.send(command as Parameters<typeof target.send>[0]);
      };
    },
  });
  return { world: { ...world, memory: new Map(), store: { ...world.store, doc } }, calls };
}

import type { TestWorld } from "../world/index.ts";

/** The world with a store that fails now and then: before a write reaches it, or after it was taken and the answer is lost. */
export function faulty(world: TestWorld, random: () => number, share: number): TestWorld {
  const { doc } = world.store;
  const send = async (command: { constructor: { name: string } }) => {
    const writes = command.constructor.name === "PutCommand";
    if (writes && random() < share) throw fault();
    const answer = await doc.send(command as never);
    if (writes && random() < share) throw fault();
    return answer;
  };
  const flaky = new Proxy(doc, {
    get: (target, name) => (name === "send" ? send : (Reflect.get(target, name) as unknown)),
  });
  return { ...world, store: { ...world.store, doc: flaky } };
}

function fault(): Error {
  return Object.assign(new Error("The connection is gone"), { name: "TimeoutError" });
}

import type { TestWorld } from "../world/index.ts";

/** What may happen to a write: it never gets there, its answer is lost, or its answer is lost and the SDK sends it again. */
export type Fault = "unsent" | "unanswered" | "resent";

const WRITES = new Set(["PutCommand", "TransactWriteCommand"]);

/** The world with a store whose writes `faultOf` lets fail. */
export function faulty<W extends TestWorld>(world: W, faultOf: () => Fault | undefined): W {
  const { doc } = world.store;
  const send = async (command: { constructor: { name: string } }) => {
    const fault = WRITES.has(command.constructor.name) ? faultOf() : undefined;
    if (fault === "unsent") throw lost();
    if (fault === "resent") await doc.send(command as never).catch(() => {});
    const answer = await doc.send(command as never);
    if (fault === "unanswered") throw lost();
    return answer;
  };
  const flaky = new Proxy(doc, {
    get: (target, name) => (name === "send" ? send : (Reflect.get(target, name) as unknown)),
  });
  return { ...world, store: { ...world.store, doc: flaky } };
}

function lost(): Error {
  return Object.assign(new Error("The connection is gone"), { name: "TimeoutError" });
}

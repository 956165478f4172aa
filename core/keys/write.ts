import { Audit } from "../audit/index.ts";
import type { Ctx } from "../ctx.ts";
import { Conflict, NotFound } from "../errors.ts";
import { type TransactItem, transact } from "../store/index.ts";
import { getCredential, removeCredential } from "./items.ts";

const TRIES = 5;

/** Writes what is new. @throws Conflict when somebody writes there at this very moment. */
export async function add(ctx: Ctx, items: readonly TransactItem[]): Promise<void> {
  if (!(await transact(ctx.store, items))) throw new Conflict("It is being changed by others; try again.");
}

/** Removes a service key or join token, with its audit row. @throws NotFound, Conflict when it is used without a pause. */
export async function remove(ctx: Ctx, kind: "key" | "join", id: string): Promise<void> {
  const thing = THING[kind];
  for (let tries = 1; ; tries++) {
    const gone = await transact(ctx.store, [
      removeCredential(ctx.store, kind, id),
      Audit.auditRow(ctx, { action: `${thing.action}.delete`, target: id, result: "done" }),
    ]);
    if (gone) return;
    if (!(await getCredential(ctx.store, kind, id))) throw new NotFound(`There is no ${thing.name} ${id}.`);
    if (tries === TRIES) throw new Conflict(`The ${thing.name} ${id} is in use this moment; try again.`);
    await pause(ctx, tries);
  }
}

const THING = {
  key: { action: "key", name: "key" },
  join: { action: "join_token", name: "join token" },
} as const;

/** Up to 10 ms after the first lost write, doubling to a second, so that rivals part ways. */
export function pause(ctx: Ctx, tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ctx.random() * Math.min(1000, 5 * 2 ** tries)));
}

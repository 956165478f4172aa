import { ScanCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Audit } from "../../core/audit/index.ts";
import { AUDIT } from "../../core/audit/items.ts";
import type { Ctx } from "../../core/ctx.ts";
import { NotFound, Stale, Unavailable } from "../../core/errors.ts";
import { Webhooks } from "../../core/webhooks/index.ts";
import { readRoster } from "../../core/webhooks/items.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";

let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  world = await openTestWorld();
  ctx = adminCtx(world);
});
afterAll(() => world.close());

const URL = "https://hooks.example/services/t0ps3cret?sig=0p3n";
const make = () => Webhooks.create(ctx, { url: URL, types: ["*"] });
const rowsOf = async (target: string) =>
  (await Audit.list(ctx, { target })).items.map(({ action, detail }) => [action, detail]).reverse();
const stored = async () =>
  (await world.store.doc.send(new ScanCommand({ TableName: world.store.table(AUDIT) }))).Items ?? [];

it("a webhook's changes are audited, each that stands once, by the names of what changed", async () => {
  const { id } = await make();
  await Webhooks.update(ctx, { id, description: "a", types: ["node_created"] });
  await Webhooks.update(ctx, { id, description: "a" });
  await Webhooks.update(ctx, { id, active: false });
  await Webhooks.update(ctx, { id, active: true, url: "https://hooks.example/other" });
  await Webhooks.rotateSecret(ctx, { id, overlap_s: 60 });
  await expect(Webhooks.update(ctx, { id, if_match: '"1"', active: false })).rejects.toThrow(Stale);
  await expect(Webhooks.rotateSecret(ctx, { id, if_match: '"1"' })).rejects.toThrow(Stale);
  await expect(Webhooks.remove(ctx, { id, if_match: '"1"' })).rejects.toThrow(Stale);
  await Webhooks.remove(ctx, { id });
  await expect(Webhooks.remove(ctx, { id })).rejects.toThrow(NotFound);
  expect(await rowsOf(id)).toEqual([
    ["webhook.create", { active: true }],
    ["webhook.update", { changed: ["description", "types"], revision: 2 }],
    ["webhook.update", { changed: ["active"], revision: 3 }],
    ["webhook.update", { changed: ["active", "url"], revision: 4 }],
    ["webhook.rotate_secret", { changed: ["secrets"], revision: 5, overlap_s: 60 }],
    ["webhook.delete", null],
  ]);
  const [newest] = (await Audit.list(ctx, { target: id })).items;
  expect(newest).toMatchObject({ actor: "admin:test", result: "done" });
});

it("changes at the same moment have a row each, and no lost try has one", async () => {
  const { id } = await make();
  await Promise.all(["a", "b", "c", "d"].map((description) => Webhooks.update(ctx, { id, description })));
  const revisions = (await rowsOf(id))
    .slice(1)
    .map(([, detail]) => (detail as { revision: number }).revision);
  expect(revisions.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
});

it("neither secrets nor addresses are in the audit", async () => {
  const { id, secret } = await make();
  const rotated = await Webhooks.rotateSecret(ctx, { id });
  await Webhooks.update(ctx, { id, url: `${URL}&again` });
  await Webhooks.remove(ctx, { id });
  const text = JSON.stringify(await stored());
  expect(text).toContain(id);
  for (const hidden of [secret, rotated.secret, "whsec_", "t0ps3cret", "0p3n"])
    expect(text).not.toContain(hidden);
});

it("a change whose audit row can't be kept is not made", async () => {
  const { id, revision } = await make();
  const rows = (await stored()).length;
  const before = (await readRoster(world.store)).held;
  const without = withoutAudit(ctx);
  await expect(Webhooks.create(without, { url: URL, types: ["*"] })).rejects.toThrow(Unavailable);
  await expect(Webhooks.update(without, { id, active: false })).rejects.toThrow(Unavailable);
  await expect(Webhooks.update(without, { id, description: "a" })).rejects.toThrow(Unavailable);
  await expect(Webhooks.rotateSecret(without, { id })).rejects.toThrow(Unavailable);
  await expect(Webhooks.remove(without, { id })).rejects.toThrow(Unavailable);
  expect(await Webhooks.get(ctx, { id })).toMatchObject({ revision, active: true });
  expect((await readRoster(world.store)).held).toEqual(before);
  expect(await stored()).toHaveLength(rows);
});

/** A store that refuses every transaction with a row of the audit, and none without. */
function withoutAudit(of: Ctx): Ctx {
  const audit = of.store.table(AUDIT);
  const doc = new Proxy(of.store.doc, {
    get(target, name) {
      if (name !== "send") return Reflect.get(target, name, target);
      return (command: Parameters<typeof target.send>[0]) => {
        const items = command instanceof TransactWriteCommand ? (command.input.TransactItems ?? []) : [];
        if (!items.some(({ Put }) => Put?.TableName === audit)) return target.send(command);
        throw Object.assign(new Error("The audit is down"), { name: "ServiceUnavailable" });
      };
    },
  });
  return { ...of, store: { ...of.store, doc } };
}

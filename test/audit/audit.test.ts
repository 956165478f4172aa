import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Audit } from "../../core/audit/index.ts";
import { AUDIT } from "../../core/audit/items.ts";
import { auditView } from "../../core/audit/schema.ts";
import { type Ctx, systemCtx } from "../../core/ctx.ts";
import { Invalid, Malformed, Unavailable } from "../../core/errors.ts";
import { getItem, transact, transactPut } from "../../core/store/index.ts";
import { IDEMPOTENCY } from "../../core/tables.ts";
import { steadyClock } from "../nodes/factory.ts";
import { adminCtx, openTestWorld, type TestWorld } from "../world/index.ts";

// Begins now: what has a TTL in the past, the store may take away.
const clock = steadyClock(Date.now());
const logged: unknown[] = [];
let world: TestWorld;
let ctx: Ctx;
beforeAll(async () => {
  const keep = (message: string, fields?: unknown) => void logged.push([message, fields]);
  world = await openTestWorld({ now: clock.now, log: { info: keep, warn: keep, error: keep } });
  ctx = {
    ...adminCtx(world),
    requestId: "r-1",
    caller: { userAgent: "test", remoteAddr: "203.0.113.9" },
  };
});
afterAll(() => world.close());

const anything = (id: string, free = true) =>
  transactPut(world.store, IDEMPOTENCY, { id }, free ? undefined : { expression: "attribute_exists(id)" });

async function all(asked: Omit<Parameters<typeof Audit.list>[1], "cursor"> = {}) {
  const rows = [];
  let cursor: string | undefined;
  do {
    const page = await Audit.list(ctx, { ...asked, ...(cursor ? { cursor } : {}) });
    rows.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return rows;
}

describe("the row of a change", () => {
  it("stands with it: who, what, to what, in which request, from where", async () => {
    clock.advance(1000);
    const row = Audit.auditRow(ctx, {
      action: "node.drain",
      target: "zurich-1",
      result: "done",
      detail: { deadline_s: 300, labels: ["a", "b"], reason: undefined },
    });
    expect(await transact(world.store, [anything("with"), row])).toBe(true);
    expect(await all({ target: "zurich-1" })).toEqual([
      {
        id: expect.any(String),
        at: new Date(clock.now()).toISOString(),
        actor: "admin:test",
        action: "node.drain",
        target: "zurich-1",
        result: "done",
        request_id: "r-1",
        address: "203.0.113.9",
        detail: { deadline_s: 300, labels: ["a", "b"] },
      },
    ]);
    const [shown] = await all({ target: "zurich-1" });
    expect(Object.keys(shown!)).toEqual(Object.keys(auditView.shape));
  });

  it("is not there when the change is not", async () => {
    const row = Audit.auditRow(ctx, { action: "node.drain", target: "never", result: "done" });
    expect(await transact(world.store, [anything("absent", false), row])).toBe(false);
    expect(await all({ target: "never" })).toEqual([]);
  });

  it("written twice stops the change: rows are put, never changed", async () => {
    const row = Audit.auditRow(ctx, { action: "node.drain", target: "twice", result: "done" });
    expect(await transact(world.store, [row])).toBe(true);
    expect(await transact(world.store, [anything("second"), row])).toBe(false);
    expect(await getItem(world.store, IDEMPOTENCY, { id: "second" })).toBeNull();
    expect(await all({ target: "twice" })).toHaveLength(1);
  });
});

describe("the record of what changed nothing", () => {
  it("is kept, with the actor that the call itself does not say", async () => {
    await Audit.record(
      { ...ctx, actor: { kind: "anyone" } },
      { action: "login.refuse", target: "user", result: "refused", actor: "user:u-1" },
    );
    expect(await all({ action: "login.refuse" })).toMatchObject([{ actor: "user:u-1", result: "refused" }]);
  });

  it("is logged when the store is away, and stops nothing", async () => {
    const send = async () => {
      throw Object.assign(new Error("away"), { name: "TimeoutError" });
    };
    const away = { ...ctx, store: { ...ctx.store, doc: { send } as never } };
    await Audit.record(away, { action: "login.refuse", target: "away", result: "refused" });
    expect(JSON.stringify(logged.at(-1))).toContain('"target":"away"');
    await expect(transact(away.store, [])).rejects.toThrow(Unavailable);
  });
});

describe("secrets", () => {
  it("appear in no row, whatever a caller hands over", async () => {
    const canary = "canary-5ecret";
    const key = `arx_node_zurich-1_${"x".repeat(43)}_abc123`;
    await Audit.record(ctx, {
      action: "key.create",
      target: `Bearer ${canary}`,
      result: "done",
      detail: {
        password: canary,
        refresh_token: canary,
        oauthTokenEncrypted: canary,
        secrets: [canary],
        note: `used ${key} twice`,
        texts: [key, `eyJhbGciOi.eyJzdWIi.${canary}`],
        key_id: "k-1",
        geohash: "u0qj",
      },
    });
    const [row] = await all({ action: "key.create" });
    const text = JSON.stringify(row);
    for (const secret of [canary, key, "xxxx"]) expect(text).not.toContain(secret);
    expect(row!.detail).toMatchObject({ key_id: "k-1", geohash: "u0qj", note: "used [secret] twice" });
  });
});

describe("the listing", () => {
  const ROWS = 60;
  let begin = 0;
  beforeAll(async () => {
    clock.advance(10_000);
    begin = clock.now();
    for (let at = 0; at < ROWS; at++) {
      clock.advance(1000);
      const by = at % 3 === 0 ? systemCtx(world, `job-${at % 2}`, `s-${at}`) : ctx;
      await Audit.record(by, {
        action: at % 2 === 0 ? "list.even" : "list.odd",
        target: `t-${at}`,
        result: at % 5 === 0 ? "refused" : "done",
      });
    }
  });
  const targets = (rows: readonly { readonly target: string }[]) => rows.map(({ target }) => target);
  const wanted = (keep: (at: number) => boolean) =>
    Array.from({ length: ROWS }, (_, at) => ROWS - 1 - at)
      .filter(keep)
      .map((at) => `t-${at}`);
  const since = () => new Date(begin).toISOString();

  it("has every row once, newest first, on pages of any size", async () => {
    for (const limit of [1, 7, 60, 1000]) {
      expect(targets(await all({ since: since(), limit }))).toEqual(wanted(() => true));
    }
  });

  it("keeps what all filters match; a kind alone is all of that kind", async () => {
    const from = { since: since(), limit: 7 };
    expect(targets(await all({ ...from, actor: "system" }))).toEqual(wanted((at) => at % 3 === 0));
    expect(targets(await all({ ...from, actor: "system:job-1" }))).toEqual(wanted((at) => at % 6 === 3));
    expect(targets(await all({ ...from, action: "list", result: "refused" }))).toEqual(
      wanted((at) => at % 5 === 0),
    );
    expect(targets(await all({ ...from, action: "list.odd" }))).toEqual(wanted((at) => at % 2 === 1));
    expect(await all({ ...from, action: "lis" })).toEqual([]);
    expect(targets(await all({ ...from, target: "t-7" }))).toEqual(["t-7"]);
  });

  it("is of a range with both its ends", async () => {
    const at = (row: number) => new Date(begin + (row + 1) * 1000).toISOString();
    expect(targets(await all({ since: at(10), until: at(20), limit: 4 }))).toEqual(
      wanted((row) => row >= 10 && row <= 20),
    );
    expect(await all({ since: at(ROWS + 5), until: at(ROWS + 9) })).toEqual([]);
  });

  it("goes on where it stopped though rows are added meanwhile", async () => {
    const first = await Audit.list(ctx, { since: since(), limit: 10 });
    clock.advance(1000);
    await Audit.record(ctx, { action: "later.row", target: "later", result: "done" });
    const second = await Audit.list(ctx, { since: since(), limit: 10, cursor: first.next! });
    expect(targets([...first.items, ...second.items])).toEqual(wanted((at) => at >= ROWS - 20));
  });

  it("refuses what it can't read", async () => {
    await expect(Audit.list(ctx, { cursor: "nonsense" })).rejects.toThrow(Malformed);
    await expect(Audit.list(ctx, { since: "2026-02-02", until: "2026-02-01" })).rejects.toThrow(Invalid);
    await expect(Audit.list(ctx, { result: "maybe" as never })).rejects.toThrow(Invalid);
  });

  it("exports the same rows in every format, page after page", async () => {
    for (const format of ["json", "ndjson", "csv"] as const) {
      const pages: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await Audit.exportPage(ctx, {
          format,
          since: since(),
          action: "list",
          ...(cursor ? { cursor } : {}),
        });
        pages.push(page.text);
        cursor = page.next;
      } while (cursor);
      const text = pages.join("");
      const found =
        format === "json"
          ? pages.flatMap((page) => targets(JSON.parse(page) as { target: string }[]))
          : format === "ndjson"
            ? targets(
                text
                  .trimEnd()
                  .split("\n")
                  .map((line) => JSON.parse(line) as { target: string }),
              )
            : text
                .trimEnd()
                .split("\r\n")
                .slice(1)
                .map((line) => line.split(",")[4]!);
      expect(found).toEqual(wanted(() => true));
      if (format === "csv") {
        expect(text.split("\r\n")[0]).toBe("id,at,actor,action,target,result,request_id,address,detail");
      }
    }
  });

  it("exports more than one answer holds without losing a row", async () => {
    const rows = 400;
    const detail = { texts: Array.from({ length: 32 }, () => '"'.repeat(200)) };
    clock.advance(1000);
    const from = new Date(clock.now()).toISOString();
    for (let at = 0; at < rows; at += 40) {
      const puts = Array.from({ length: 40 }, () =>
        Audit.auditRow(ctx, { action: "bulk.row", target: "bulk", result: "done", detail }),
      );
      expect(await transact(world.store, puts)).toBe(true);
    }
    const ids: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await Audit.exportPage(ctx, {
        format: "ndjson",
        since: from,
        ...(cursor ? { cursor } : {}),
      });
      expect(Buffer.byteLength(JSON.stringify(page.text))).toBeLessThan(6_000_000);
      for (const line of page.text.trimEnd().split("\n")) ids.push((JSON.parse(line) as { id: string }).id);
      cursor = page.next;
      pages++;
    } while (cursor);
    expect(pages).toBeGreaterThan(1);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect(ids).toHaveLength(rows);
  });
});

it("keeps rows for as long as it is set to", async () => {
  const row = Audit.auditRow(ctx, { action: "node.drain", target: "kept", result: "done" }).Put!.Item!;
  expect(row.expires_at).toBe(Math.floor(clock.now() / 1000) + 400 * 86_400);
  expect(Object.keys(row)).toContain(AUDIT.sortKey);
});

import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemCtx } from "../../core/ctx.ts";
import { Conflict, Unauthenticated } from "../../core/errors.ts";
import { SealBroken } from "../../core/sealing/index.ts";
import { Tokens } from "../../core/tokens/index.ts";
import { getRing, SIGNING_KEYS } from "../../core/tokens/items.ts";
import { ACCESS_TOKEN_MS, PUBLISHED_MS, RING_FRESH_MS } from "../../core/tokens/ring.ts";
import { newSealingKey, openLocalSealer } from "../../scripts/local/sealing.ts";
import { coldWorld } from "../world/index.ts";
import { counted, openSigningWorld, type SigningWorld } from "./factory.ts";

const whose = { sub: "u-1", role: "admin", sid: "s-1" } as const;
const MINUTE = 60_000;

let world: SigningWorld;
beforeEach(async () => {
  world = await openSigningWorld();
});
afterEach(() => world.close());

const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { kid: string }).kid;
const issueIn = async (process: SigningWorld) => (await Tokens.issue(process, whose)).token;

describe("the first key", () => {
  it("is one, however many processes need it at once", async () => {
    const processes = Array.from({ length: 12 }, () => coldWorld(world));
    const tokens = await Promise.all(processes.map(issueIn));
    expect(new Set(tokens.map(kidOf)).size).toBe(1);
    for (const process of processes) {
      await Promise.all(tokens.map((token) => expect(Tokens.verify(process, token)).resolves.toBeDefined()));
    }
  });

  it("is found by a process that looked before there was one", async () => {
    const early = coldWorld(world);
    await expect(Tokens.verify(early, `e30.e30.AA`)).rejects.toThrow(Unauthenticated);
    expect(await Tokens.jwks(early)).toEqual({ keys: [] });
    const token = await issueIn(world);
    await expect(Tokens.verify(early, token)).resolves.toMatchObject(whose);
  });
});

describe("keys at rest", () => {
  it("are sealed: nothing of the private half is stored or published in the clear", async () => {
    await issueIn(world);
    const { sealed, kid } = (await getRing(world.store))!.keys[0]!;
    const opened = await world.sealer.open(sealed, { purpose: "access-token-signing", kid });
    const { d } = JSON.parse(Buffer.from(opened).toString()) as { d: string };
    const items = await scan();
    expect(items).toHaveLength(1);
    const stored = JSON.stringify(items, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
    );
    expect(stored).not.toContain(d);
    expect(stored).not.toContain(Buffer.from(d, "base64url").toString("latin1"));
    expect(JSON.stringify(await Tokens.jwks(world))).not.toContain('"d"');
  });

  it("are bound to their id, and no use to a process that may not use the sealing key", async () => {
    await issueIn(world);
    const { sealed } = (await getRing(world.store))!.keys[0]!;
    const another = { purpose: "access-token-signing", kid: "another" };
    await expect(world.sealer.open(sealed, another)).rejects.toThrow(SealBroken);
    const stranger = { ...coldWorld(world), sealer: openLocalSealer(newSealingKey()) };
    await expect(Tokens.issue(stranger, whose)).rejects.toThrow(SealBroken);
  });
});

describe("a rotation", () => {
  it("rejects no good token, in any process, at any moment of it", async () => {
    // One rotates, one signs and one verifies; the last two read the ring only when they come to need it.
    const [signing, verifying] = [coldWorld(world), coldWorld(world)];
    const issued: { token: string; at: number }[] = [];
    const kids = new Set<string>();
    let tried = 0;
    for (let minute = 0; minute < 90; minute++) {
      if (minute === 10 || minute === 50) await Tokens.rotate(systemCtx(world, "operator", "test"));
      for (const process of [world, signing]) {
        const token = await issueIn(process);
        kids.add(kidOf(token));
        issued.push({ token, at: world.now() });
      }
      const good = issued.filter(({ at }) => world.now() - at < ACCESS_TOKEN_MS);
      for (const { token } of good) {
        for (const process of [world, verifying]) {
          tried++;
          await expect(Tokens.verify(process, token)).resolves.toMatchObject(whose);
        }
      }
      world.clock.advance(MINUTE);
    }
    console.log(`${tried} good tokens verified through two rotations`);
    expect(kids.size).toBe(3);
  });

  it("publishes a key before it signs, and keeps the old one's until its tokens are over", async () => {
    const before = kidOf(await issueIn(world));
    const rotation = await Tokens.rotate(systemCtx(world, "operator", "test"));
    expect(rotation.before?.kid).toBe(before);
    expect((await Tokens.jwks(world)).keys.map(({ kid }) => kid)).toEqual([before, rotation.kid]);
    world.clock.advance(PUBLISHED_MS - 1);
    expect(kidOf(await issueIn(world))).toBe(before);
    world.clock.advance(1);
    expect(kidOf(await issueIn(world))).toBe(rotation.kid);
    world.clock.advance(Date.parse(rotation.before!.verifies_until) - world.now());
    expect((await Tokens.jwks(world)).keys.map(({ kid }) => kid)).toEqual([rotation.kid]);
  });

  it("is refused while another is under way, and of many at once one is made", async () => {
    await issueIn(world);
    const rivals = Array.from({ length: 6 }, () =>
      Tokens.rotate(systemCtx(coldWorld(world), "operator", "test")),
    );
    const ends = await Promise.allSettled(rivals);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(Tokens.rotate(systemCtx(world, "operator", "test"))).rejects.toThrow(Conflict);
    expect((await getRing(world.store))!.keys).toHaveLength(2);
  });

  it("for a compromised key ends its tokens within a minute", async () => {
    const token = await issueIn(world);
    const other = coldWorld(world);
    await expect(Tokens.verify(other, token)).resolves.toBeDefined();
    const { kid } = await Tokens.rotate(systemCtx(world, "operator", "test"), { compromised: true });
    await expect(Tokens.verify(world, token)).rejects.toThrow(Unauthenticated);
    world.clock.advance(RING_FRESH_MS);
    await expect(Tokens.verify(other, token)).rejects.toThrow(Unauthenticated);
    const next = await issueIn(other);
    expect(kidOf(next)).toBe(kid);
    await expect(Tokens.verify(world, next)).resolves.toMatchObject(whose);
  });
});

describe("the key set", () => {
  it("is all that another service needs to verify our tokens", async () => {
    const token = await issueIn(world);
    const keys = createLocalJWKSet(await Tokens.jwks(world));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: ["EdDSA"],
      issuer: "arx",
      audience: "arx-api",
      typ: "at+jwt",
      currentDate: new Date(world.now()),
    });
    expect(payload).toMatchObject(whose);
    expect(protectedHeader).toMatchObject({ alg: "EdDSA", typ: "at+jwt" });
  });
});

describe("what a process reads", () => {
  it("is the ring once a minute, whatever comes", async () => {
    const token = await issueIn(world);
    const { world: other, calls } = counted(world);
    for (let second = 0; second < 59; second++) {
      await Tokens.verify(other, token);
      world.clock.advance(1000);
    }
    expect(calls.get("GetCommand")).toBe(1);
    world.clock.advance(1000);
    await Tokens.verify(other, token);
    expect(calls.get("GetCommand")).toBe(2);
  });

  it("is the ring once in five seconds for ids of keys that nobody knows", async () => {
    const token = await issueIn(world);
    const unknown = (at: number) => {
      const header = Buffer.from(JSON.stringify({ alg: "EdDSA", kid: `k-${at}` })).toString("base64url");
      return `${header}.${token.split(".").slice(1).join(".")}`;
    };
    const { world: other, calls } = counted(world);
    await Tokens.verify(other, token);
    for (let at = 0; at < 50; at++) {
      const storm = Array.from({ length: 20 }, (_, one) => Tokens.verify(other, unknown(at * 20 + one)));
      const ends = await Promise.allSettled(storm);
      expect(ends.every((end) => end.status === "rejected" && end.reason instanceof Unauthenticated)).toBe(
        true,
      );
      world.clock.advance(200);
    }
    expect(calls.get("GetCommand")).toBe(2);
    await expect(Tokens.verify(other, token)).resolves.toBeDefined();
  });

  it("finds a key that was made since it last read, when it was not asked for a stranger's just then", async () => {
    await issueIn(world);
    const { world: other } = counted(world);
    await Tokens.jwks(other);
    world.clock.advance(5000);
    const { kid } = await Tokens.rotate(systemCtx(world, "operator", "test"), { compromised: true });
    const token = await issueIn(world);
    expect(kidOf(token)).toBe(kid);
    await expect(Tokens.verify(other, token)).resolves.toMatchObject(whose);
  });
});

async function scan(): Promise<Record<string, unknown>[]> {
  const TableName = world.store.table(SIGNING_KEYS);
  const { Items } = await world.store.doc.send(new ScanCommand({ TableName }));
  return Items ?? [];
}

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SealBroken, type Sealer } from "../../core/sealing/index.ts";
import { CannotStart } from "../../scripts/local/cannot-start.ts";
import { keptSealingKey, newSealingKey, openLocalSealer } from "../../scripts/local/sealing.ts";

const CONTEXT = { node_id: "zurich-1", provider: "anthropic" };
const SECRET = Buffer.from("canary-oauth-token");
const RUNS = Number(process.env.ARX_RUNS ?? 60);

describe("a local sealer", () => {
  const sealer: Sealer = openLocalSealer(newSealingKey());

  it("opens what it sealed, of any bytes, under the same context in any order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 9000 }),
        fc.dictionary(
          fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !name.startsWith("aws-crypto-")),
          fc.string({ maxLength: 40 }),
          { maxKeys: 4, noNullPrototype: true },
        ),
        async (plaintext, context) => {
          const sealed = await sealer.seal(plaintext, context);
          const reordered = Object.fromEntries(Object.entries(context).reverse());
          expect(Buffer.from(await sealer.open(sealed, reordered)).equals(plaintext)).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("refuses every other context: another value, one more name, one less, none", async () => {
    const sealed = await sealer.seal(SECRET, CONTEXT);
    const others: Record<string, string>[] = [
      { ...CONTEXT, node_id: "zurich-2" },
      { ...CONTEXT, more: "" },
      { node_id: CONTEXT.node_id },
      { node_id: CONTEXT.provider, provider: CONTEXT.node_id },
      {},
    ];
    for (const other of others) await expect(sealer.open(sealed, other)).rejects.toThrow(SealBroken);
    expect(Buffer.from(await sealer.open(sealed, CONTEXT))).toEqual(SECRET);
  });

  it("refuses bytes with any bit changed, or cut", async () => {
    const sealed = Buffer.from(await sealer.seal(SECRET, CONTEXT));
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1 << (at % 8);
      await expect(sealer.open(changed, CONTEXT), `byte ${at}`).rejects.toThrow(SealBroken);
    }
    for (const cut of [0, 1, 20, sealed.length - 1]) {
      await expect(sealer.open(sealed.subarray(0, cut), CONTEXT)).rejects.toThrow(SealBroken);
    }
  });

  it("refuses what another key sealed", async () => {
    const sealed = await openLocalSealer(newSealingKey()).seal(SECRET, CONTEXT);
    await expect(sealer.open(sealed, CONTEXT)).rejects.toThrow(SealBroken);
  });

  it("shows nothing of the secret in the sealed bytes, nor twice the same", async () => {
    const [one, two] = await Promise.all([sealer.seal(SECRET, CONTEXT), sealer.seal(SECRET, CONTEXT)]);
    expect(Buffer.from(one).includes(SECRET)).toBe(false);
    expect(Buffer.from(one).equals(two)).toBe(false);
  });
});

describe("the sealing key of a data directory", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "arx-sealing-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it("is made once, readable by its user alone, and opens what an earlier run sealed", async () => {
    const sealed = await openLocalSealer(keptSealingKey(directory)).seal(SECRET, CONTEXT);
    expect(readdirSync(directory)).toEqual(["sealing-key"]);
    expect(statSync(join(directory, "sealing-key")).mode & 0o777).toBe(0o600);
    const later = openLocalSealer(keptSealingKey(directory));
    expect(Buffer.from(await later.open(sealed, CONTEXT))).toEqual(SECRET);
  });

  it("is made though an earlier run was cut off while it wrote one", () => {
    const cutOff = mkdtempSync(join(tmpdir(), "arx-sealing-"));
    try {
      writeFileSync(join(cutOff, "sealing-key.new"), "half");
      expect(keptSealingKey(cutOff)).toHaveLength(32);
      expect(readdirSync(cutOff)).toEqual(["sealing-key"]);
    } finally {
      rmSync(cutOff, { recursive: true });
    }
  });

  it("is never replaced when its file is broken", () => {
    const file = join(directory, "sealing-key");
    const kept = readFileSync(file);
    for (const broken of ["", "short", `${kept.toString().trim()}AAAA`]) {
      writeFileSync(file, broken);
      expect(() => keptSealingKey(directory)).toThrow(CannotStart);
      expect(readFileSync(file, "utf8")).toBe(broken);
    }
    writeFileSync(file, kept);
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Unavailable } from "../../core/errors.ts";
import { lazySealer, SealBroken } from "../../core/sealing/index.ts";
import { openKmsSealer } from "../../functions/sealing.ts";
import { type FakeKms, startFakeKms } from "./kms.ts";

const KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const CONTEXT = { node_id: "zurich-1", provider: "anthropic" };
const SECRET = Buffer.from("canary-oauth-token");

let kms: FakeKms;
beforeAll(async () => {
  kms = await startFakeKms();
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", kms.endpoint);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await kms.close();
});

describe("a KMS sealer", () => {
  it("seals with a data key that KMS made for this context, and opens only under it", async () => {
    const sealer = openKmsSealer(KEY);
    const sealed = await sealer.seal(SECRET, CONTEXT);
    expect(Buffer.from(await sealer.open(sealed, CONTEXT))).toEqual(SECRET);
    expect(kms.calls).toEqual(["GenerateDataKey", "Decrypt"]);
    await expect(sealer.open(sealed, { ...CONTEXT, node_id: "zurich-2" })).rejects.toThrow(SealBroken);
    const changed = Buffer.from(sealed);
    changed[changed.length - 1]! ^= 1;
    await expect(sealer.open(changed, CONTEXT)).rejects.toThrow(SealBroken);
  });

  it("does not take a KMS that is away, or forbids, for broken bytes", async () => {
    const sealer = openKmsSealer(KEY);
    const sealed = await sealer.seal(SECRET, CONTEXT);
    kms.failWith("ThrottlingException");
    await expect(sealer.open(sealed, CONTEXT)).rejects.toThrow(Unavailable);
    await expect(sealer.seal(SECRET, CONTEXT)).rejects.toThrow(Unavailable);
    kms.failWith("AccessDeniedException");
    await expect(sealer.open(sealed, CONTEXT)).rejects.not.toThrow(SealBroken);
    await expect(sealer.open(sealed, CONTEXT)).rejects.not.toThrow(Unavailable);
    kms.failWith(undefined);
    expect(Buffer.from(await sealer.open(sealed, CONTEXT))).toEqual(SECRET);
  });

  it("that is lazy is opened once, by its first use, and again after it could not be", async () => {
    let opened = 0;
    const sealer = lazySealer(async () => {
      if (++opened === 1) throw new Error("not yet");
      return openKmsSealer(KEY);
    });
    await expect(sealer.seal(SECRET, CONTEXT)).rejects.toThrow("not yet");
    const [one, two] = await Promise.all([sealer.seal(SECRET, CONTEXT), sealer.seal(SECRET, CONTEXT)]);
    expect(Buffer.from(await sealer.open(one, CONTEXT))).toEqual(
      Buffer.from(await sealer.open(two, CONTEXT)),
    );
    expect(opened).toBe(2);
  });
});

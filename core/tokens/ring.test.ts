import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ACCESS_TOKEN_MS,
  PUBLISHED_MS,
  RING_FRESH_MS,
  type Ring,
  replaced,
  rotated,
  type SigningKey,
  signerAt,
  verifiersAt,
} from "./ring.ts";

const keyAt = (kid: string, created_at: number, publishedMs = PUBLISHED_MS): SigningKey => ({
  kid,
  public: { kty: "OKP", crv: "Ed25519", x: kid },
  sealed: new Uint8Array(),
  created_at,
  signs_from: created_at + publishedMs,
});
const first: Ring = { revision: 1, keys: [keyAt("k0", 0, 0)] };

describe("the ring of signing keys", () => {
  it("signs with the newest key that was published long enough, and verifies with both meanwhile", () => {
    const ring = rotated(first, keyAt("k1", 1000))!;
    const takesOver = 1000 + PUBLISHED_MS;
    expect(signerAt(ring, takesOver - 1)?.kid).toBe("k0");
    expect(signerAt(ring, takesOver)?.kid).toBe("k1");
    expect(verifiersAt(ring, 1000).map(({ kid }) => kid)).toEqual(["k0", "k1"]);
    expect(verifiersAt(ring, takesOver + ACCESS_TOKEN_MS + RING_FRESH_MS).map(({ kid }) => kid)).toEqual([
      "k0",
      "k1",
    ]);
    expect(verifiersAt(ring, ring.keys[0]!.verifies_until!).map(({ kid }) => kid)).toEqual(["k1"]);
  });

  it("is not turned again before the older key's tokens are over", () => {
    const ring = rotated(first, keyAt("k1", 1000))!;
    const over = ring.keys[0]!.verifies_until!;
    expect(rotated(ring, keyAt("k2", over - 1))).toBeNull();
    expect(rotated(ring, keyAt("k2", over))?.keys.map(({ kid }) => kid)).toEqual(["k1", "k2"]);
  });

  it("drops every older key when one is compromised", () => {
    const ring = replaced(rotated(first, keyAt("k1", 1000))!, keyAt("k2", 2000, 0));
    expect(ring).toMatchObject({ revision: 3, keys: [{ kid: "k2" }] });
    expect(signerAt(ring, 2000)?.kid).toBe("k2");
  });

  it("verifies each token for all its life, signed by a ring a minute old and at any moment of any rotations", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 2 * 3_600_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(
        steps,
        fc.nat(3 * 3_600_000),
        fc.nat(RING_FRESH_MS),
        fc.nat(ACCESS_TOKEN_MS),
        (gaps, at, staleMs, ageMs) => {
          const rings: { from: number; ring: Ring }[] = [{ from: 0, ring: first }];
          let now = 0;
          for (const [turn, gap] of gaps.entries()) {
            now += gap;
            const next = rotated(rings.at(-1)!.ring, keyAt(`k${turn + 1}`, now));
            if (next) rings.push({ from: now, ring: next });
          }
          const ringAt = (time: number) => rings.findLast(({ from }) => from <= Math.max(0, time))!.ring;
          const signer = signerAt(ringAt(at - staleMs), at)!;
          const verifier = ringAt(at + ageMs);
          expect(verifiersAt(verifier, at + ageMs).map(({ kid }) => kid)).toContain(signer.kid);
          expect(verifiersAt(verifier, at + ageMs).length).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

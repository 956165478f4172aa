import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NodeKey, NodeKeys } from "./record.ts";
import { first, isLive, revoked, rotated } from "./rotation.ts";

const key = (created_at: number, more: Partial<NodeKey> = {}): NodeKey => ({
  hash: `h${created_at}`,
  created_at,
  ...more,
});

describe("rotation", () => {
  it("keeps the key before it until its grace is over", () => {
    const after = rotated(first("n", "a", key(0)), "b", key(10), 10, 110);
    expect(after.keys).toEqual({ a: key(0, { expires_at: 110 }), b: key(10) });
    expect(after.version).toBe(2);
  });

  it("without grace ends the key before it at once", () => {
    expect(Object.keys(rotated(first("n", "a", key(0)), "b", key(10), 10, 10).keys)).toEqual(["b"]);
  });

  it("made again keeps the key that is in use, not the one whose answer was lost", () => {
    const once = rotated(first("n", "a", key(0, { last_used_at: 5 })), "b", key(10), 10, 110);
    const twice = rotated(once, "c", key(20), 20, 120);
    expect(Object.keys(twice.keys).sort()).toEqual(["a", "c"]);
    expect(twice.keys.a!.expires_at).toBe(110);
  });

  it("never has more than two keys, one of them the newest without an end", () => {
    const step = fc.record({ grace: fc.nat(50), wait: fc.nat(40), uses: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let keys: NodeKeys = first("n", "k00", key(0));
        let now = 0;
        for (const [at, { grace, wait, uses }] of steps.entries()) {
          now += wait;
          const id = `k${String(at + 1).padStart(2, "0")}`;
          const before = keys;
          keys = rotated(keys, id, key(now), now, now + grace);
          expect(Object.keys(keys.keys).length).toBeLessThanOrEqual(2);
          expect(keys.keys[id]!.expires_at).toBeUndefined();
          expect(keys.version).toBe(before.version + 1);
          const live = Object.values(keys.keys).filter((one) => isLive(one, now));
          expect(live.length).toBe(Object.keys(keys.keys).length);
          const used = Object.keys(keys.keys)[uses];
          if (used)
            keys = { ...keys, keys: { ...keys.keys, [used]: { ...keys.keys[used]!, last_used_at: now } } };
        }
      }),
    );
  });
});

describe("revocation", () => {
  const two = rotated(first("n", "a", key(0)), "b", key(10), 10, 110);

  it("ends one key, or all", () => {
    expect(Object.keys(revoked(two, "a")!.keys)).toEqual(["b"]);
    expect(revoked(two, undefined)!.keys).toEqual({});
  });

  it("of what is not there changes nothing", () => {
    expect(revoked(two, "c")).toBeNull();
    expect(revoked({ ...two, keys: {} }, undefined)).toBeNull();
  });
});

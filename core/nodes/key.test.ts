import { describe, expect, it } from "vitest";
import { isKeyOf, makeNodeKey, nodeOfKey } from "./key.ts";

describe("node keys", () => {
  it("name their node, whatever its id holds", () => {
    for (const id of ["a", "zurich-1", "a_b_c", "A.b-c_", "x".repeat(64), "n_0123456789"]) {
      const { key } = makeNodeKey(id);
      expect(key).toMatch(/^arx_node_.+_[0-9A-Za-z]{43}_[0-9a-f]{6}$/);
      expect(nodeOfKey(key)).toBe(id);
    }
  });

  it("are never the same twice", () => {
    const keys = Array.from({ length: 100 }, () => makeNodeKey("n").key);
    expect(new Set(keys).size).toBe(100);
  });

  it("are known by their hash alone", () => {
    const { key, hash } = makeNodeKey("n");
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(isKeyOf(key, hash)).toBe(true);
    expect(isKeyOf(makeNodeKey("n").key, hash)).toBe(false);
    expect(isKeyOf(key, "")).toBe(false);
  });

  it("tell a slip of the pen from a key", () => {
    const { key } = makeNodeKey("n");
    for (let at = 0; at < key.length; at++) {
      const other = key[at] === "a" ? "b" : "a";
      expect(nodeOfKey(key.slice(0, at) + other + key.slice(at + 1))).toBeNull();
    }
    expect(nodeOfKey(key.slice(0, -1))).toBeNull();
    expect(nodeOfKey("")).toBeNull();
  });
});

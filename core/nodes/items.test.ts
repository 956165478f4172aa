import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { itemOfNode, newestKey, nodeOfImage, nodeOfItem } from "./items.ts";
import { born } from "./revise.ts";

const node = born(
  { id: "n", origin: "registered", desired_state: "active", epoch: 1, at: 1_700_000_000_000 },
  { name: "n", labels: ["a"], location: { lat: 1, lng: 2 } },
);

describe("the item of a node", () => {
  it("holds the whole record, with any JSON in its free-form fields", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (metadata) => {
        const record = { ...node, metadata: JSON.parse(JSON.stringify(metadata)) };
        expect(nodeOfItem(itemOfNode(record))).toEqual(record);
      }),
    );
  });

  it("is told from a row of the ledger", () => {
    expect(nodeOfImage(itemOfNode(node))).toEqual(node);
    expect(nodeOfImage({ id: "n", item: "t#1" })).toBeNull();
    expect(nodeOfImage(undefined)).toBeNull();
  });

  it("sorts by creation, then id", () => {
    const keys = [5, 50, 500].flatMap((at) => ["a", "b"].map((id) => newestKey({ id, created_at: at })));
    expect(keys.toSorted()).toEqual(keys);
  });

  it("spreads over all shards", () => {
    const shards = Array.from({ length: 400 }, (_, at) => itemOfNode({ ...node, id: `node-${at}` }).shard);
    for (const shard of ["s0", "s1", "s2", "s3"]) {
      expect(shards.filter((other) => other === shard).length).toBeGreaterThan(60);
    }
  });
});

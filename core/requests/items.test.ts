import * as fc from "fast-check";
import { v4 } from "uuid";
import { describe, expect, it } from "vitest";
import { newId } from "../id.ts";
import { isRequestId, keyOf, SHARDS } from "./items.ts";

const HOUR = 3_600_000;
const EDGE = Date.UTC(2026, 0, 1, 12);

describe("a request's key", () => {
  it("follows from its id alone: the hour of its millisecond, in UTC, and its last digit", () => {
    expect(keyOf("019b796d-d5ff-7000-8000-00000000000b")).toEqual({
      hour_shard: "2026-01-01T11#3",
      id: "019b796d-d5ff-7000-8000-00000000000b",
    });
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.constantFrom(EDGE - 1, EDGE, EDGE + HOUR - 1)),
        (now) => {
          const id = newId({ now: () => now, random: Math.random });
          const [hour, shard] = keyOf(id).hour_shard.split("#");
          expect(Date.parse(`${hour}:00:00Z`)).toBe(Math.floor(now / HOUR) * HOUR);
          expect(shard).toMatch(/^\d$/);
          expect(Number(shard)).toBe(Number.parseInt(id.at(-1)!, 16) % SHARDS);
        },
      ),
    );
  });

  it("is spread over all shards of an hour", () => {
    const ids = Array.from({ length: 400 }, () => newId({ now: () => EDGE, random: Math.random }));
    expect(new Set(ids.map((id) => keyOf(id).hour_shard)).size).toBe(SHARDS);
  });

  it("there is for a UUIDv7 alone, whatever time that tells", () => {
    const id = newId({ now: () => EDGE, random: Math.random });
    for (const one of [id, `ffffffff-ffff-${id.slice(14)}`, `00000000-0000-${id.slice(14)}`]) {
      expect(isRequestId(one)).toBe(true);
      expect(() => keyOf(one)).not.toThrow();
    }
    for (const none of [v4(), "", "no-such", id.toUpperCase(), ` ${id}`, `${id}\n`, `${id}0`, id.slice(1)])
      expect(isRequestId(none), none).toBe(false);
  });
});

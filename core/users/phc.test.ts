import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPhc, parsePhc } from "./phc.ts";

describe("hashes in the PHC string format", () => {
  it("read back as what they were written from", () => {
    const bytes = (minLength: number) =>
      fc.uint8Array({ minLength, maxLength: 64 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(
        fc.integer({ min: 128, max: 1_048_576 }),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 16 }),
        bytes(9),
        bytes(12),
        (memory, passes, parallelism, salt, tag) => {
          const hash = { memory, passes, parallelism, salt, tag };
          expect(parsePhc(formatPhc(hash))).toEqual(hash);
        },
      ),
    );
  });

  it("are written as other libraries write them", () => {
    const hash = {
      memory: 19_456,
      passes: 2,
      parallelism: 1,
      salt: Buffer.from("0123456789abcdef"),
      tag: Buffer.alloc(32, 7),
    };
    expect(formatPhc(hash)).toBe(
      "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
    );
  });

  it.each([
    "",
    "plain",
    "$argon2i$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BwcHBwcHBwcHBwcHBwcHBw",
    "$argon2id$v=16$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BwcHBwcHBwcHBwcHBwcHBw",
    "$argon2id$v=19$m=4194304,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BwcHBwcHBwcHBwcHBwcHBw",
    "$argon2id$v=19$m=19456,t=0,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BwcHBwcHBwcHBwcHBwcHBw",
    "$argon2id$v=19$m=19456,t=2,p=0$MDEyMzQ1Njc4OWFiY2RlZg$BwcHBwcHBwcHBwcHBwcHBw",
    "$argon2id$v=19$m=7,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BwcHBwcHBwcHBwcHBwcHBw",
    "$argon2id$v=19$m=19456,t=2,p=1$MDE$BwcHBwcHBwcHBwcHBwcHBw",
    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg",
  ])("are refused as %j", (text) => {
    expect(parsePhc(text)).toBeNull();
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseEmail } from "./email.ts";

describe("normalising an email", () => {
  it.each([
    ["Ada@Example.COM", "ada@example.com"],
    ["  ada@example.com\n", "ada@example.com"],
    ["\u00a0ada@example.com\u3000", "ada@example.com"],
    ["ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"],
    ["ada+tag@sub.example.co.uk", "ada+tag@sub.example.co.uk"],
    ["o'brien_1.x-y@example.com", "o'brien_1.x-y@example.com"],
    ["Jose\u0301@example.com", "jos\u00e9@example.com"],
    ["ada@B\u00fccher.de", "ada@xn--bcher-kva.de"],
    ["ada@xn--bcher-kva.de", "ada@xn--bcher-kva.de"],
    ["admin@localhost", "admin@localhost"],
    [`${"a".repeat(64)}@example.com`, `${"a".repeat(64)}@example.com`],
  ])("spells %j as %j", (given, spelt) => {
    expect(normaliseEmail(given)).toBe(spelt);
  });

  it.each([
    "",
    "ada",
    "@example.com",
    "ada@",
    "ada@@example.com",
    "ada@b@example.com",
    "ada@example",
    "ada@.com",
    "ada@example..com",
    "ada@example.com.",
    "ada@-example.com",
    "ada@exa_mple.com",
    "ada@exa%6dple.com",
    "ada@127.0.0.1",
    "ada@[127.0.0.1]",
    "ada@example.com/x",
    "ada@example.com:80",
    ".ada@example.com",
    "ada.@example.com",
    "a..da@example.com",
    "a da@example.com",
    "a\u0000da@example.com",
    "a\u200bda@example.com",
    "a\ud800da@example.com",
    '"ada"@example.com',
    "Ada <ada@example.com>",
    "ada@example.com,bob@example.com",
    `${"a".repeat(65)}@example.com`,
    `ada@${"a".repeat(64)}.com`,
    `ada@${"abcdefgh.".repeat(28)}com`,
    "a".repeat(100_000),
  ])("refuses %j", (given) => {
    expect(normaliseEmail(given)).toBeNull();
  });

  it("gives a spelling that stays as it is, and bounded", () => {
    const part = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
    const address = fc.oneof(
      fc.tuple(part, part).map(([local, domain]) => `${local}@${domain}.com`),
      fc.emailAddress(),
    );
    let spelt = 0;
    fc.assert(
      fc.property(address, (given) => {
        const once = normaliseEmail(given);
        if (once === null) return;
        spelt++;
        expect(normaliseEmail(once)).toBe(once);
        expect(normaliseEmail(` ${once.toUpperCase().toLowerCase()} `)).toBe(once);
        expect(Buffer.byteLength(once)).toBeLessThanOrEqual(254);
      }),
      { numRuns: 2000 },
    );
    expect(spelt).toBeGreaterThan(100);
  });

  it("gives one spelling for every character, however it came to be", () => {
    for (let code = 0x21; code < 0x1_1000; code++) {
      const once = normaliseEmail(`a${String.fromCodePoint(code)}@example.com`);
      if (once !== null) expect(normaliseEmail(once)).toBe(once);
    }
  });
});

import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KINDS, makeCredential, parseCredential, sameHash } from "./credential.ts";

const nodeId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

describe("a credential", () => {
  it("is read as it was made, whatever underscores the id of a node has", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), nodeId, (kind, id) => {
        const { text, hash } = makeCredential(kind, id);
        expect(parseCredential(text)).toEqual({ kind, id, hash });
        expect(text).not.toContain(hash);
      }),
    );
  });

  it("has the form that secret scanners know: prefix, id, 43 digits, checksum", () => {
    const { text } = makeCredential("key", "0192f000-0000-7000-8000-000000000000");
    expect(text).toMatch(/^arx_key_0192f000-0000-7000-8000-000000000000_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
  });

  it("ends in the CRC-32 of what stands before it, in base 62", () => {
    const text = makeCredential("join", "j").text;
    let value = 0;
    for (const digit of text.slice(-6)) {
      value = value * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".indexOf(digit);
    }
    expect(value).toBe(crc32(text.slice(0, -7)));
  });

  it("with one character changed, left out, doubled or swapped with the next is none", () => {
    fc.assert(
      fc.property(nodeId, fc.nat(), fc.constantFrom("a", "Z", "0", "_", " ", "é"), (id, seed, other) => {
        const { text } = makeCredential("node", id);
        const at = seed % text.length;
        const mistyped = [
          text.slice(0, at) + other + text.slice(at + 1),
          text.slice(0, at) + text.slice(at + 1),
          text.slice(0, at) + text[at]! + text.slice(at),
          text.slice(0, at) + (text[at + 1] ?? "") + text[at]! + text.slice(at + 2),
        ];
        for (const one of mistyped) if (one !== text) expect(parseCredential(one)).toBeNull();
      }),
    );
  });

  it("is nothing of another kind, nor anything else", () => {
    const { text } = makeCredential("key", "k");
    const wrong = [
      "",
      "arx",
      text.replace("arx_key", "arx_node"),
      text.toUpperCase(),
      `${text}\n`,
      ` ${text}`,
    ];
    for (const one of wrong) expect(parseCredential(one), JSON.stringify(one)).toBeNull();
    expect(parseCredential("a".repeat(100_000))).toBeNull();
  });

  it("is never made twice", () => {
    const made = Array.from({ length: 1000 }, () => makeCredential("key", "k"));
    expect(new Set(made.map(({ text }) => text)).size).toBe(1000);
    expect(new Set(made.map(({ hash }) => hash)).size).toBe(1000);
  });

  it("compares by its hash", () => {
    const [one, other] = [makeCredential("key", "k").hash, makeCredential("key", "k").hash];
    expect(sameHash(one, one)).toBe(true);
    expect(sameHash(one, other)).toBe(false);
    expect(sameHash(one, "")).toBe(false);
  });
});

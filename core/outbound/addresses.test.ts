import { isIPv4 } from "node:net";
import { IPAddressRanges } from "@microsoft/antissrf/out/src/IPAddressRanges.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isPublicAddress, mayDial } from "./addresses.ts";

const deployed = { allowLoopback: false };
const local = { allowLoopback: true };
const loopbackEnds = ["127.0.0.0", "127.255.255.255", "0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:1"];

test("both ends of every special range are refused, under any name the package gives it", () => {
  const ranges = new Set(Object.values(IPAddressRanges as unknown as Record<string, string[]>).flat());
  const tried = [...ranges].flatMap(ends);
  expect(tried.filter((ip) => isPublicAddress(ip, deployed))).toEqual([]);
  expect(tried.filter((ip) => isPublicAddress(ip, local))).toEqual(loopbackEnds);
  expect(tried.length).toBeGreaterThan(80);
  console.log(`special ranges: ${ranges.size}, addresses tried: ${tried.length}`);
});

test.each([
  "1.1.1.1",
  "8.8.8.8",
  "126.255.255.255",
  "128.0.0.1",
  "172.15.255.255",
  "172.32.0.0",
  "100.128.0.0",
])("%s is public", (ip) => expect(isPublicAddress(ip, deployed)).toBe(true));

test.each(["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::1", "2001:200::1", "2003::1"])(
  "%s is public",
  (ip) => expect(isPublicAddress(ip, deployed)).toBe(true),
);

test.each([
  "",
  "localhost",
  "1.2.3",
  "8.8.8.8 ",
  "010.8.8.8",
  "[2606:4700::1]",
  "2606:4700::1%eth0",
  "8.8.8.8/32",
])("%j is not an address, so not public", (text) => expect(isPublicAddress(text, local)).toBe(false));

test("no IPv6 address outside 2000::/3 is public", () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(fc.tuple(group, group, group, group, group, group, group, group), (groups) => {
      fc.pre(groups[0] >> 13 !== 1);
      expect(isPublicAddress(groups.map((g) => g.toString(16)).join(":"), deployed)).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test("loopback opens to the local run alone, and never its port 9001", () => {
  for (const ip of ["127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1"]) {
    expect(mayDial(ip, 8080, local)).toBe(true);
    expect(mayDial(ip, 9001, local)).toBe(false);
    expect(mayDial(ip, 8080, deployed)).toBe(false);
  }
  const disguised = ["::ffff:127.0.0.1", "::FFFF:7f00:1", "::127.0.0.1", "0:0:0:0:0:ffff:7f00:1", "::2"];
  expect(disguised.filter((ip) => mayDial(ip, 8080, local))).toEqual([]);
  expect(mayDial("8.8.8.8", 9001, deployed)).toBe(true);
});

/** First and last address of a CIDR range. */
function ends(range: string): string[] {
  const [base = "", prefix] = range.split("/");
  const v4 = isIPv4(base);
  const bits = v4 ? 32n : 128n;
  const host = (1n << (bits - BigInt(prefix ?? ""))) - 1n;
  const first = (v4 ? numberOf(base.split("."), 8n, 10) : numberOf(groupsOf(base), 16n, 16)) & ~host;
  return [first, first | host].map((n) => (v4 ? spell(n, 4, 8n, 10, ".") : spell(n, 8, 16n, 16, ":")));
}

function groupsOf(ip: string): string[] {
  const [head = "", tail = ""] = ip.split("::");
  const before = head.split(":").filter(Boolean);
  const after = tail.split(":").filter(Boolean);
  return [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
}

function numberOf(parts: string[], width: bigint, radix: number): bigint {
  return parts.reduce((n, part) => (n << width) | BigInt(Number.parseInt(part, radix)), 0n);
}

function spell(n: bigint, parts: number, width: bigint, radix: number, separator: string): string {
  const mask = (1n << width) - 1n;
  return Array.from({ length: parts }, (_, i) =>
    ((n >> (width * BigInt(parts - 1 - i))) & mask).toString(radix),
  ).join(separator);
}

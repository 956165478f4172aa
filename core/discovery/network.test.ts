import { BlockList } from "node:net";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addressAt, isWithin, networkText, readNetwork, sizeOf } from "./network.ts";

const network = fc.record({
  base: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((octets) => octets.join(".")),
  prefix: fc.integer({ min: 0, max: 32 }),
});

test.each([
  ["10.0.0.0/24", "10.0.0.0/24", 256],
  ["10.0.0.77/24", "10.0.0.0/24", 256],
  ["203.0.113.255/22", "203.0.112.0/22", 1024],
  ["255.255.255.255", "255.255.255.255/32", 1],
  ["0.0.0.0/0", "0.0.0.0/0", 2 ** 32],
  [" 192.0.2.9/31 ", "192.0.2.8/31", 2],
])("%s is %s with %i addresses", (text, canonical, size) => {
  const read = readNetwork(text)!;
  expect(networkText(read)).toBe(canonical);
  expect(sizeOf(read)).toBe(size);
});

test.each([
  "",
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/",
  "10.0.0.0/24/8",
  "10.0.0/24",
  "010.0.0.1/24",
  "256.0.0.1/8",
  "::1/128",
  "10.0.0.0/2 4",
  "10.0.0.0/024",
  "10.0.0.0/1e1",
  "host/24",
])("%j is no network", (text) => expect(readNetwork(text)).toBeNull());

test("an address lies in a network exactly when Node's own BlockList says so", () => {
  fc.assert(
    fc.property(network, network, ({ base, prefix }, other) => {
      const list = new BlockList();
      list.addSubnet(base, prefix, "ipv4");
      const inner = readNetwork(other.base)!;
      expect(isWithin(inner, readNetwork(`${base}/${prefix}`)!)).toBe(list.check(other.base, "ipv4"));
    }),
  );
});

test("a network lies within another exactly when its first and last address do", () => {
  fc.assert(
    fc.property(network, network, (one, other) => {
      const inner = readNetwork(`${one.base}/${one.prefix}`)!;
      const outer = readNetwork(`${other.base}/${other.prefix}`)!;
      const ends = [0, sizeOf(inner) - 1].map((index) => readNetwork(addressAt(inner, index))!);
      expect(isWithin(inner, outer)).toBe(ends.every((end) => isWithin(end, outer)));
    }),
  );
});

test("the addresses of a network count up, octet by octet", () => {
  const read = readNetwork("10.0.255.254/22")!;
  const all = Array.from({ length: sizeOf(read) }, (_, index) => addressAt(read, index));
  expect(all[0]).toBe("10.0.252.0");
  expect(all[255]).toBe("10.0.252.255");
  expect(all[256]).toBe("10.0.253.0");
  expect(all.at(-1)).toBe("10.0.255.255");
  expect(new Set(all).size).toBe(1024);
});

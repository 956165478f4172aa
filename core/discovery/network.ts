import { isIPv4 } from "node:net";

/** An IPv4 network: `base` is its first address as an unsigned number, host bits cleared. */
export interface Network {
  readonly base: number;
  /** Length of the network part, 0–32. */
  readonly prefix: number;
}

/** Reads `a.b.c.d/n`, or `a.b.c.d` as a network of one; null for anything else. Host bits are cleared: 10.0.0.5/24 is 10.0.0.0/24. */
export function readNetwork(text: string): Network | null {
  const [address = "", length, ...rest] = text.trim().split("/");
  if (rest.length > 0 || !isIPv4(address) || (length !== undefined && !/^(\d|[12]\d|3[0-2])$/.test(length)))
    return null;
  const prefix = length === undefined ? 32 : Number(length);
  return { base: floorTo(toNumber(address), prefix), prefix };
}

/** How many addresses a network has. */
export function sizeOf({ prefix }: Network): number {
  return 2 ** (32 - prefix);
}

/** Whether every address of `inner` lies in `outer`. */
export function isWithin(inner: Network, outer: Network): boolean {
  return outer.prefix <= inner.prefix && floorTo(inner.base, outer.prefix) === outer.base;
}

/** The address at `index` (0 for the first) of a network, in dotted form. */
export function addressAt({ base }: Network, index: number): string {
  const value = base + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

export function networkText(network: Network): string {
  return `${addressAt(network, 0)}/${network.prefix}`;
}

function toNumber(address: string): number {
  return address.split(".").reduce((value, octet) => value * 256 + Number(octet), 0);
}

// Plain arithmetic: the bit operators are signed, and a shift by 32 is one by 0.
function floorTo(value: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return value - (value % size);
}

import { BlockList, isIPv4, isIPv6 } from "node:net";
// Only the ranges: the package's agents refuse an injected lookup, know nothing of ports, and as CommonJS that requires
// Node's builtins they break in a bundled ES module.
import { IPAddressRanges } from "@microsoft/antissrf/out/src/IPAddressRanges.js";
import type { OutboundPolicy } from "./policy.ts";

/** The Lambda runtime API, which hands out other callers' events; on loopback its port is refused even to the local run. */
const RUNTIME_API_PORT = 9001;

const V4 = "ipv4";
const V6 = "ipv6";

/** Ranges that the package leaves out: the returned 6bone block, which nobody routes. */
const ALSO_REFUSED = ["3ffe::/16"];

const refused = listOf([...IPAddressRanges.recommendedLatest, ...ALSO_REFUSED]);
// Two lists, because one with IPv4 rules also takes ::ffff:127.0.0.1, and only the plain spellings are loopback here.
const loopback4 = listOf(["127.0.0.0/8"]);
const loopback6 = listOf(["::1/128"]);
// Mapped, compatible, NAT64, unique-local, link-local and whatever is assigned next all lie outside global unicast.
const globalUnicast = listOf(["2000::/3"]);

/**
 * Whether a literal address (no brackets, no zone) may be dialled: a global unicast address in no special range, or, for a
 * policy that allows it, a loopback one. Anything that is not an address is not public.
 */
export function isPublicAddress(ip: string, policy: Pick<OutboundPolicy, "allowLoopback">): boolean {
  if (isIPv4(ip)) return !refused.check(ip, V4) || (policy.allowLoopback && isLoopback(ip));
  // A zone picks an interface of this machine, so a public address never carries one.
  if (!isIPv6(ip) || ip.includes("%")) return false;
  if (globalUnicast.check(ip, V6)) return !refused.check(ip, V6);
  return policy.allowLoopback && isLoopback(ip);
}

/** Whether `ip`:`port` may be dialled: `isPublicAddress`, and never the Lambda runtime API. */
export function mayDial(ip: string, port: number, policy: Pick<OutboundPolicy, "allowLoopback">): boolean {
  return isPublicAddress(ip, policy) && !(port === RUNTIME_API_PORT && isLoopback(ip));
}

function isLoopback(ip: string): boolean {
  return isIPv4(ip) ? loopback4.check(ip, V4) : loopback6.check(ip, V6);
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [base = "", prefix] = range.split("/");
    list.addSubnet(base, Number(prefix), isIPv4(base) ? V4 : V6);
  }
  return list;
}

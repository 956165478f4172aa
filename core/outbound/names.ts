import { Resolver, lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { mayDial } from "./addresses.ts";
import { OutboundError } from "./errors.ts";
import type { Lookup, OutboundPolicy } from "./policy.ts";
import { blocked } from "./target.ts";

/** A name with a thousand addresses is not worth a thousand dials. */
const MAX_ADDRESSES = 4;
/** Per query, in ms; with two tries a dead name server costs less than a probe's own time cap. */
const QUERY_TIMEOUT_MS = 1_000;

/**
 * The `lookup` of one connection: resolves a name and hands on its addresses only if every one of them may be dialled. It runs
 * inside the dial, and what it hands on is what is dialled, so there is nothing to rebind in between.
 */
export function guardedLookup(lookup: Lookup, port: number, policy: OutboundPolicy): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname).then(
      (addresses) => {
        if (addresses.length === 0) return callback(unresolved(hostname), "");
        if (!addresses.every((ip) => mayDial(ip, port, policy))) return callback(blocked(hostname), "");
        const found = addresses
          .slice(0, MAX_ADDRESSES)
          .map((address) => ({ address, family: isIP(address) }));
        if (options.all === true) return callback(null, found);
        return callback(null, found[0]!.address, found[0]!.family);
      },
      () => callback(unresolved(hostname), ""),
    );
  };
}

/**
 * How names are resolved. Deployed: queries of our own, because the system's resolver has four threads, which four names on a
 * dead name server would take from the whole sweep. The local run: the system's, which knows the hosts file.
 */
export function lookupOf(policy: OutboundPolicy): Lookup {
  if (policy.lookup !== undefined) return policy.lookup;
  if (policy.allowLoopback)
    return async (name) => (await systemLookup(name, { all: true })).map((a) => a.address);
  return queryLookup();
}

/** Asks DNS for A and AAAA at once, IPv4 first in the answer; `servers` (`ip:port`) only for tests. */
export function queryLookup(servers?: readonly string[]): Lookup {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return async (hostname) => {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  };
}

function unresolved(hostname: string): OutboundError {
  return new OutboundError("dns", `The name ${hostname} does not resolve.`);
}

import { isIP } from "node:net";
import type { Lookup } from "../../core/outbound/index.ts";

/** A URL that some way of calling a node might be given, and what must become of it. */
export interface SpecialTarget {
  readonly what: string;
  readonly url: string;
  /** What a deployed supervisor must reject it as. */
  readonly kind: "blocked" | "bad_url";
  /** Also refused by the local run, which allows plain loopback. */
  readonly refusedLocally: boolean;
}

/**
 * What the names below resolve to. A name with several answers gives one per lookup, the last one for ever: that is how a name
 * is rebound between registration and dial.
 */
const NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "public.test": [["203.0.114.7"]],
  "public6.test": [["2606:4700::7"]],
  "loopback.test": [["127.0.0.1"]],
  "loopback6.test": [["::1"]],
  "private.test": [["10.0.0.5"]],
  "metadata.test": [["169.254.169.254"]],
  "wireserver.test": [["168.63.129.16"]],
  "metadata6.test": [["fd00:ec2::254"]],
  "zero.test": [["0.0.0.0"]],
  "mapped.test": [["::ffff:10.0.0.5"]],
  "compatible.test": [["::10.0.0.5"]],
  "nat64.test": [["64:ff9b::a00:5"]],
  "6to4.test": [["2002:a00:5::1"]],
  "teredo.test": [["2001:0:a00:5::1"]],
  "zoned.test": [["fe80::1%eth0"]],
  "mixed.test": [["203.0.114.7", "10.0.0.5"]],
  "mixed-families.test": [["203.0.114.7", "fd00::1"]],
  "hidden-fifth.test": [["203.0.114.1", "203.0.114.2", "203.0.114.3", "203.0.114.4", "10.0.0.5"]],
  "not-an-address.test": [["private.test"]],
  "rebind.test": [["203.0.114.7"], ["127.0.0.1"]],
  "rebind-private.test": [["203.0.114.7"], ["192.168.1.1"]],
  "rebind-metadata.test": [["2606:4700::7"], ["169.254.169.254"]],
};

/** Names that turn bad only at their second lookup. */
export const rebindingNames = Object.keys(NAMES).filter((name) => NAMES[name]!.length > 1);

/** A resolver that answers from the table; each has its own count of lookups. */
export function createNames(): Lookup {
  const asked = new Map<string, number>();
  return async (hostname) => {
    const answers = NAMES[hostname];
    if (answers === undefined) throw new Error(`no such name: ${hostname}`);
    const turn = asked.get(hostname) ?? 0;
    asked.set(hostname, turn + 1);
    return answers[Math.min(turn, answers.length - 1)]!;
  };
}

/** Whether a dial went where none may go: the test's own reading of the ranges, apart from the code under test. */
export function isForbidden(address: string, port: number, allowLoopback: boolean): boolean {
  if (isIP(address) === 0) return true;
  if (address === "203.0.114.7" || address === "2606:4700::7") return false;
  return !(allowLoopback && (address === "127.0.0.1" || address === "::1") && port !== 9001);
}

/** `path` tells the supervisor's own calls apart (`/health`, `/identity`, `/process`) where a suite wants that. */
export function specialTargets(path = "/"): SpecialTarget[] {
  const blocked = (what: string, origin: string): SpecialTarget => ({
    what,
    url: origin + path,
    kind: "blocked",
    refusedLocally: true,
  });
  const loopback = (what: string, origin: string): SpecialTarget => ({
    ...blocked(what, origin),
    refusedLocally: false,
  });
  const bad = (what: string, origin: string): SpecialTarget => ({
    ...blocked(what, origin),
    kind: "bad_url",
  });

  return [
    loopback("loopback", "http://127.0.0.1:8080"),
    loopback("loopback, https", "https://127.0.0.1:8443"),
    loopback("loopback, far end", "http://127.255.255.254"),
    loopback("loopback, short", "http://127.1"),
    loopback("loopback, decimal", "http://2130706433"),
    loopback("loopback, hex", "http://0x7f000001"),
    loopback("loopback, hex parts", "http://0x7f.0x0.0x0.0x1"),
    loopback("loopback, octal", "http://017700000001"),
    loopback("loopback, octal parts", "http://0177.0.0.01"),
    loopback("loopback, mixed parts", "http://0x7f.1"),
    loopback("loopback, trailing dot", "http://127.0.0.1."),
    loopback("loopback, percent-encoded", "http://%31%32%37.0.0.1"),
    loopback("loopback, full-width digits", "http://１２７.０.０.１"),
    loopback("loopback, circled digits", "http://①②⑦.⓪.⓪.①"),
    loopback("loopback, ideographic stops", "http://127。0。0。1"),
    loopback("loopback, backslashes", "http:\\\\127.0.0.1"),
    loopback("loopback, tab in scheme", "ht\ttp://127.0.0.1"),
    loopback("loopback, IPv6", "http://[::1]:8080"),
    loopback("loopback, IPv6 long", "http://[0:0:0:0:0:0:0:1]"),
    loopback("loopback, IPv6 dotted", "http://[::0.0.0.1]"),
    loopback("localhost", "http://localhost:8080"),
    loopback("localhost, upper case, dot", "http://LOCALHOST.:8080"),
    loopback("under localhost", "http://edge.localhost"),
    loopback("name of loopback", "http://loopback.test:8080"),
    loopback("name of IPv6 loopback", "http://loopback6.test:8080"),
    blocked("runtime API", "http://127.0.0.1:9001"),
    blocked("runtime API, decimal", "http://2130706433:9001"),
    blocked("runtime API, other loopback", "http://127.0.0.2:9001"),
    blocked("runtime API, IPv6", "http://[::1]:9001"),
    blocked("runtime API by name", "http://loopback.test:9001"),
    blocked("runtime API by IPv6 name", "http://loopback6.test:9001"),
    blocked("mapped loopback", "http://[::ffff:127.0.0.1]"),
    blocked("mapped loopback, hex", "http://[::ffff:7f00:1]:9001"),
    blocked("mapped metadata", "http://[::ffff:169.254.169.254]"),
    blocked("mapped private", "http://[0:0:0:0:0:ffff:a00:5]"),
    blocked("mapped public", "http://[::ffff:8.8.8.8]"),
    blocked("compatible loopback", "http://[::127.0.0.1]"),
    blocked("compatible private", "http://[::10.0.0.5]"),
    blocked("compatible metadata", "http://[::a9fe:a9fe]"),
    blocked("compatible public", "http://[::8.8.8.8]"),
    blocked("translated (SIIT)", "http://[::ffff:0:10.0.0.5]"),
    blocked("NAT64", "http://[64:ff9b::10.0.0.5]"),
    blocked("NAT64 of metadata", "http://[64:ff9b::a9fe:a9fe]"),
    blocked("NAT64, local use", "http://[64:ff9b:1::a00:5]"),
    blocked("6to4 of private", "http://[2002:a00:5::1]"),
    blocked("6to4 of metadata", "http://[2002:a9fe:a9fe::]"),
    blocked("Teredo", "http://[2001:0:a00:5::1]"),
    blocked("Teredo, metadata inverted", "http://[2001::5601:5601]"),
    blocked("ORCHID", "http://[2001:20::1]"),
    blocked("benchmarking, IPv6", "http://[2001:2::1]"),
    blocked("documentation, IPv6", "http://[2001:db8::1]"),
    blocked("documentation, IPv6 new", "http://[3fff::1]"),
    blocked("6bone", "http://[3ffe::1]"),
    blocked("unique local", "http://[fc00::1]"),
    blocked("metadata, IPv6", "http://[fd00:ec2::254]"),
    blocked("ECS metadata, IPv6", "http://[fd00:ec2::23]"),
    blocked("link-local, IPv6", "http://[fe80::1]"),
    blocked("site-local", "http://[fec0::1]"),
    blocked("multicast, IPv6", "http://[ff02::1]"),
    blocked("discard", "http://[100::1]"),
    blocked("segment routing", "http://[5f00::1]"),
    blocked("unassigned, IPv6", "http://[4000::1]"),
    blocked("unspecified, IPv6", "http://[::]"),
    blocked("unspecified", "http://0.0.0.0"),
    blocked("unspecified, short", "http://0"),
    blocked("this network", "http://0.1.2.3"),
    blocked("private 10", "http://10.0.0.5"),
    blocked("private 10, https", "https://10.0.0.5"),
    blocked("private 10, hex", "http://0xa000005"),
    blocked("private 172, first", "http://172.16.0.1"),
    blocked("private 172, last", "http://172.31.255.255"),
    blocked("private 192", "http://192.168.1.1:8080"),
    blocked("carrier NAT, first", "http://100.64.0.1"),
    blocked("carrier NAT, metadata", "http://100.100.100.200"),
    blocked("carrier NAT, last", "http://100.127.255.255"),
    blocked("metadata", "http://169.254.169.254"),
    blocked("metadata, decimal", "http://2852039166"),
    blocked("metadata, octal parts", "http://0251.0376.0251.0376"),
    blocked("metadata, two parts", "http://169.16689662"),
    blocked("ECS metadata", "http://169.254.170.2"),
    blocked("link-local, Lambda's own", "http://169.254.100.1:9001"),
    blocked("wire server", "http://168.63.129.16"),
    blocked("wire server, port", "http://168.63.129.16:32526"),
    blocked("IETF protocol", "http://192.0.0.8"),
    blocked("Oracle metadata", "http://192.0.0.192"),
    blocked("documentation 1", "http://192.0.2.1"),
    blocked("documentation 2", "http://198.51.100.1"),
    blocked("documentation 3", "http://203.0.113.1"),
    blocked("6to4 relay", "http://192.88.99.1"),
    blocked("benchmarking", "http://198.18.0.1"),
    blocked("multicast", "http://224.0.0.1"),
    blocked("multicast, SSDP", "http://239.255.255.250:1900"),
    blocked("reserved", "http://240.0.0.1"),
    blocked("broadcast", "http://255.255.255.255"),
    blocked("name of private", "http://private.test"),
    blocked("name of private, https", "https://private.test"),
    blocked("name of metadata", "http://metadata.test"),
    blocked("name of wire server", "http://wireserver.test"),
    blocked("name of IPv6 metadata", "http://metadata6.test"),
    blocked("name of zero", "http://zero.test"),
    blocked("name of mapped", "http://mapped.test"),
    blocked("name of compatible", "http://compatible.test"),
    blocked("name of NAT64", "http://nat64.test"),
    blocked("name of 6to4", "http://6to4.test"),
    blocked("name of Teredo", "http://teredo.test"),
    blocked("name with a zone", "http://zoned.test"),
    blocked("name of public and private", "http://mixed.test"),
    blocked("name of public and unique local", "http://mixed-families.test"),
    blocked("name with private behind four public", "http://hidden-fifth.test"),
    blocked("name of no address", "http://not-an-address.test"),
    bad("user and password", "http://user:pass@203.0.114.7"),
    bad("credentials before private", "http://203.0.114.7@10.0.0.5"),
    bad("credentials hiding the host", "http://public.test:80@127.0.0.1"),
    bad("port 0", "http://203.0.114.7:0"),
    bad("port too large", "http://203.0.114.7:65536"),
    bad("zone in a literal", "http://[fe80::1%25eth0]"),
    bad("five parts", "http://1.2.3.4.5"),
    bad("ftp", "ftp://203.0.114.7"),
    bad("file", "file:///etc/passwd"),
    bad("gopher", "gopher://127.0.0.1:6379/_INFO"),
    bad("unix socket", "unix:/var/run/docker.sock:"),
    bad("WebSocket", "ws://127.0.0.1"),
    bad("script", "javascript:alert(1)//"),
    bad("no scheme", "10.0.0.5"),
    bad("two slashes only", "//10.0.0.5"),
  ];
}

/** Where a node might redirect to. */
export const redirectTargets = [
  "http://169.254.169.254/latest/meta-data/",
  "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
  "http://10.0.0.5/",
  "http://[fd00:ec2::254]/",
  "http://private.test/",
  "//168.63.129.16/",
  "https://192.168.1.1/",
  "file:///etc/passwd",
];

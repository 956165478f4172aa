/**
 * What an address is counted as: an IPv4 address is one caller; an IPv6 address stands for its /64, since whoever has one has them all. An
 * IPv4 address written as IPv6 is the IPv4 address.
 */
export function callerAt(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("%")[0]!.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail ? tail.split(":") : [];
  // A v4 tail stands for two groups; it is never among the first four unless everything before it is written out.
  const length = front.length + back.length + (address.includes(".") ? 1 : 0);
  const groups = [...front, ...Array<string>(Math.max(0, 8 - length)).fill("0"), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

import { createSocket } from "node:dgram";

/** Addresses by name; a name that is not here does not exist, and `null` gets no reply at all. */
export type Zone = Readonly<Record<string, readonly string[] | null>>;

export interface DnsServer {
  /** `ip:port` */
  readonly address: string;
  close(): Promise<void>;
}

const A = 1;
const AAAA = 28;

/** A DNS server on loopback that knows one zone. */
export async function startDns(zone: Zone): Promise<DnsServer> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = questionOf(query);
    const addresses = zone[name];
    if (addresses === null) return;
    const records = (addresses ?? [])
      .filter((ip) => ip.includes(":") === (type === AAAA) && (type === A || type === AAAA))
      .map((ip) => recordOf(ip, type));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(addresses === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A pointer to the question's name, the type, class IN, no time to live, the address. */
function recordOf(ip: string, type: number): Buffer {
  const bytes = type === A ? Buffer.from(ip.split(".").map(Number)) : sixteenBytes(ip);
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]);
  return Buffer.concat([head, bytes]);
}

function sixteenBytes(ip: string): Buffer {
  const [head = "", tail = ""] = ip.split("::").map((half) =>
    half
      .split(":")
      .map((g) => (g === "" ? "" : g.padStart(4, "0")))
      .join(""),
  );
  return Buffer.from(head + "0".repeat(32 - head.length - tail.length) + tail, "hex");
}

import net, { isIP, type LookupFunction, type Socket } from "node:net";

export interface Dial {
  readonly address: string;
  readonly port: number;
}

export interface DialSpy {
  /** Every address a socket was told to dial since the spy was set, or since `clear`. */
  readonly dials: Dial[];
  clear(): void;
  restore(): void;
}

interface ConnectOptions {
  host?: string;
  port?: number | string;
  path?: string | null;
  lookup?: LookupFunction;
}

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/**
 * Counts at `net.Socket.prototype.connect`, through which every TCP and TLS connection of the process goes, what is dialled:
 * the literal, or each address that the connection's own lookup hands on. Only what `mayPass` names is really dialled; the rest
 * is counted and then fails as if refused, so no packet leaves this machine.
 */
export function spyOnDials(mayPass: (dial: Dial) => boolean): DialSpy {
  const prototype = net.Socket.prototype as unknown as { connect: Connect };
  const original = prototype.connect;
  const dials: Dial[] = [];

  prototype.connect = function connect(this: Socket, ...args: unknown[]): Socket {
    const [options, done] = (Array.isArray(args[0]) ? args[0] : args) as [ConnectOptions, unknown];
    const host = options.host ?? "localhost";
    const port = Number(options.port);
    const refuse = () => {
      process.nextTick(() => this.destroy(refused()));
      return this;
    };
    if (typeof options.path === "string") {
      dials.push({ address: options.path, port: 0 });
      return refuse();
    }
    const pass = (address: string) => {
      dials.push({ address, port });
      return mayPass({ address, port });
    };
    if (isIP(host) !== 0) return pass(host) ? original.apply(this, args) : refuse();
    const lookup = options.lookup;
    // A name without a guarded lookup is a hole in the guard: counted as dialled, under its name.
    if (lookup === undefined) return pass(host) ? original.apply(this, args) : refuse();
    const watched: LookupFunction = (name, how, answer) =>
      lookup(name, how, (error, found, family) => {
        if (error) return answer(error, found, family);
        const addresses = typeof found === "string" ? [found] : found.map((f) => f.address);
        const allowed = addresses.map(pass).every(Boolean);
        return allowed ? answer(null, found, family) : answer(refused(), "");
      });
    return original.call(this, { ...options, lookup: watched }, done);
  };

  return {
    dials,
    clear: () => {
      dials.length = 0;
    },
    restore: () => {
      prototype.connect = original;
    },
  };
}

function refused(): NodeJS.ErrnoException {
  return Object.assign(new Error("refused by the dial spy"), { code: "ECONNREFUSED", syscall: "connect" });
}

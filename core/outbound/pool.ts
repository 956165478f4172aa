import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { mayDial } from "./addresses.ts";
import { guardedLookup, lookupOf } from "./names.ts";
import type { OutboundPolicy } from "./policy.ts";
import { blocked, type Target } from "./target.ts";

/** How long an idle connection is kept, in ms: enough for a retry or a burst, short of what servers usually keep (5 s). */
const IDLE_MS = 4_000;
/** Before the next of a name's addresses is tried, in ms; Node's 250 gives up on nodes that are merely far away. */
const NEXT_ADDRESS_MS = 1_000;

/** The connections of one client: every dial is checked here, and the oldest idle one makes room for a new one. */
export interface Pool {
  agentFor(target: Target): HttpAgent;
  /** Drops what sat idle too long by the clock; a frozen Lambda's timers have not fired when it thaws. */
  dropStale(now: number): void;
  /** Drops the idle connections to one target, after one of them turned out to be dead. */
  dropIdle(target: Target): void;
  close(): void;
}

interface Idle {
  readonly since: number;
  readonly origin: string;
}

/**
 * Makes the keep-alive agents for http and https. At most `maxSockets` connections are open as long as the caller has at most
 * that many calls under way. (An agent's own `maxTotalSockets` counts idle ones but never drops them for another host.)
 */
export function createPool(policy: OutboundPolicy, maxSockets: number): Pool {
  const options = {
    keepAlive: true,
    timeout: IDLE_MS,
    maxFreeSockets: maxSockets,
    scheduling: "lifo",
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
  } as const;
  const plain = new HttpAgent(options);
  const encrypted = new HttpsAgent({ ...options, rejectUnauthorized: true, minVersion: "TLSv1.2" });
  const lookup = lookupOf(policy);
  const idle = new Map<Duplex, Idle>();
  const origins = new WeakMap<Duplex, string>();
  let open = 0;

  for (const agent of [plain, encrypted]) guard(agent);

  function guard(agent: HttpAgent): void {
    const dial = agent.createConnection.bind(agent);
    const keep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
    const reuse = agent.reuseSocket.bind(agent);

    agent.createConnection = (options, done) => {
      const host = String(options.host);
      const port = Number(options.port);
      // Node asks no lookup about a literal address, so it is checked here.
      if (isIP(host) && !mayDial(host, port, policy)) {
        done?.(blocked(host), undefined as unknown as Duplex);
        return undefined;
      }
      if (open >= maxSockets) idle.keys().next().value?.destroy();
      const socket = dial({ ...options, lookup: guardedLookup(lookup, port, policy) });
      if (!socket) return socket;
      open += 1;
      origins.set(socket, originOf(host, port));
      socket.once("close", () => {
        open -= 1;
        idle.delete(socket);
      });
      return socket;
    };

    // Typed as void, but the agent reads it as "keep this one".
    (agent as { keepSocketAlive(socket: Duplex): unknown }).keepSocketAlive = (socket) => {
      // Bytes nobody asked for would be read as the next answer.
      if (socket.readableLength > 0 || keep(socket) === false) return false;
      idle.set(socket, { since: Date.now(), origin: origins.get(socket) ?? "" });
      return true;
    };

    agent.reuseSocket = (socket, request) => {
      idle.delete(socket);
      reuse(socket, request);
    };
  }

  return {
    agentFor: (target) => (target.secure ? encrypted : plain),
    dropStale(now) {
      for (const [socket, { since }] of idle) {
        if (now - since <= IDLE_MS) return;
        idle.delete(socket);
        socket.destroy();
      }
    },
    dropIdle(target) {
      const origin = originOf(target.host, target.port);
      for (const [socket, kept] of idle) if (kept.origin === origin) socket.destroy();
    },
    close() {
      plain.destroy();
      encrypted.destroy();
    },
  };
}

function originOf(host: string, port: number): string {
  return `${host} ${port}`;
}

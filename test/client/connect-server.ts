import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { endOf, eventId } from "../../core/events/id.ts";

export interface Sent {
  readonly type: string;
  readonly id: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Subscription {
  readonly types?: readonly string[];
  readonly cells?: readonly string[];
  readonly since?: string;
}

/** What goes wrong, asked at each turn; nothing unless told. */
export interface Faults {
  /** Status and problem in place of a ticket. */
  ticket?: () => number | undefined;
  /** Whether a socket's opening is refused though its ticket is good. */
  upgrade?: () => boolean;
  /** What comes before `subscribed`. */
  early?: () => readonly unknown[];
  /** In place of `subscribed`. */
  subscribe?: (asked: Subscription) => readonly unknown[] | undefined;
  /** Whether the connection breaks in place of this message. */
  drop?: () => boolean;
  /** Messages that are sent once more, after this one. */
  again?: (batch: readonly Sent[]) => readonly Sent[];
  /** Whether a ping stays without its pong. */
  mute?: () => boolean;
}

const EPOCH = Date.parse("2026-01-01T00:00:00.000Z");
const KEY = "the-admin-key";

/** A server of tickets and events with a log of its own, which speaks the protocol, and breaks it as told. */
export class EventServer {
  readonly key = KEY;
  readonly log: Sent[] = [];
  readonly faults: Faults;
  /** Of each socket that was opened: its query, and what was subscribed to. */
  readonly opened: { readonly query: URLSearchParams; readonly asked: Subscription[] }[] = [];
  tickets = 0;
  /** The most sockets that were open at once. */
  most = 0;
  origin = "";
  readonly #live = new Map<WebSocket, { sent: number; asked: Subscription }>();
  readonly #good = new Set<string>();
  readonly #http = createServer((request, response) => this.#answer(request, response));
  readonly #ws = new WebSocketServer({ noServer: true });

  constructor(faults: Faults = {}) {
    this.faults = faults;
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async open(faults: Faults = {}): Promise<EventServer> {
    const server = new EventServer(faults);
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    server.origin = `http://127.0.0.1:${(server.#http.address() as AddressInfo).port}`;
    return server;
  }

  async close(): Promise<void> {
    this.drop();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Sockets that are open now. */
  get sockets(): number {
    return [...this.#ws.clients].filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  /** The id before all that is appended from now on. */
  get head(): string {
    return endOf({ at: EPOCH + this.log.length, seq: this.log.length });
  }

  /** Appends, and tells who subscribed, in messages of some events each. */
  append(...events: readonly { readonly type: string; readonly data?: Record<string, unknown> }[]): Sent[] {
    const added = events.map(({ type, data = {} }) => {
      const seq = this.log.length + 1;
      const sent = {
        type,
        id: eventId({ at: EPOCH + seq, seq, index: 0 }),
        at: new Date(EPOCH + seq).toISOString(),
        data,
      };
      this.log.push(sent);
      return sent;
    });
    for (const socket of this.#live.keys()) this.#catchUp(socket);
    return added;
  }

  /** Breaks all connections. */
  drop(): void {
    this.#live.clear();
    for (const socket of this.#ws.clients) socket.terminate();
  }

  /** Sends as it is to all that are open. */
  send(message: unknown): void {
    for (const socket of this.#ws.clients)
      socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const isAllowed = request.headers.authorization === `Bearer ${KEY}`;
    if (request.method !== "POST" || request.url !== "/api/v1/ws-tickets") return refuse(response, 404);
    this.tickets++;
    const status = this.faults.ticket?.() ?? (isAllowed ? 201 : 401);
    if (status !== 201) return refuse(response, status);
    const ticket = `ticket ${this.tickets} & more`;
    this.#good.add(ticket);
    const url = `${this.origin.replace("http", "ws")}/ws/admin?channel=admin`;
    const expires_at = new Date(Date.now() + 30_000).toISOString();
    response.writeHead(201, { "content-type": "application/json" });
    response.end(JSON.stringify({ ticket, expires_at, url }));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(request.url!, "ws://here");
    const isGood = this.#good.delete(searchParams.get("ticket") ?? "");
    if (!isGood || pathname !== "/ws/admin" || this.faults.upgrade?.()) {
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    this.#ws.handleUpgrade(request, socket, head, (opened) => this.#serve(opened, searchParams));
  }

  #serve(socket: WebSocket, query: URLSearchParams): void {
    const one = { query, asked: [] as Subscription[] };
    this.opened.push(one);
    this.most = Math.max(this.most, this.sockets);
    socket.on("error", () => {});
    socket.on("close", () => this.#live.delete(socket));
    socket.on("message", (text: Buffer) => {
      const { action, ...asked } = JSON.parse(text.toString()) as { action: string } & Subscription;
      if (action === "ping" && !this.faults.mute?.()) this.#say(socket, control("pong"));
      if (action !== "subscribe") return;
      one.asked.push(asked);
      for (const message of this.faults.early?.() ?? []) this.#say(socket, message);
      const other = this.faults.subscribe?.(asked);
      for (const message of other ?? [{ ...control("subscribed", asked), id: asked.since ?? this.head }])
        this.#say(socket, message);
      if (other && !other.some((message) => (message as Sent).type === "subscribed")) return;
      const since = (other?.at(-1) as Sent | undefined)?.id ?? asked.since ?? this.head;
      this.#live.set(socket, { sent: this.log.filter(({ id }) => id <= since).length, asked });
      this.#catchUp(socket);
    });
  }

  #catchUp(socket: WebSocket): void {
    const place = this.#live.get(socket);
    if (!place) return;
    for (let size = 1; place.sent < this.log.length; size = (size % 5) + 1) {
      if (this.faults.drop?.()) {
        this.#live.delete(socket);
        return socket.terminate();
      }
      const batch = this.log.slice(place.sent, place.sent + size);
      place.sent += batch.length;
      const { types } = place.asked;
      const wanted = batch.filter(({ type }) => types === undefined || types.includes(type));
      if (wanted.length > 0) this.#say(socket, wanted.length === 1 ? wanted[0] : wanted);
      const again = this.faults.again?.(wanted) ?? [];
      if (again.length > 0) this.#say(socket, again);
    }
  }

  #say(socket: WebSocket, message: unknown): void {
    socket.send(JSON.stringify(message));
  }
}

/** An answer of the server; its id is no cursor, and larger than any. */
export function control(type: string, data: object = {}): Sent {
  return {
    type,
    id: "ffffffff-ffff-7fff-bfff-ffffffffffff",
    at: new Date(EPOCH).toISOString(),
    data: { ...data },
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ title: "Refused", status, detail: `Refused with ${status}.` }));
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

export interface Edge {
  readonly origin: string;
  readonly port: number;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** An edge node on loopback that answers each path as told, and 404 for the rest. */
export async function startEdge(
  replies: Readonly<Record<string, Reply>>,
  address = "127.0.0.1",
  at = 0,
): Promise<Edge> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const reply = replies[request.url!] ?? status(404);
    reply(request, response);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${address}:${port}`,
    port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export const json =
  (value: unknown): Reply =>
  (_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  };

export const text =
  (body: string, code = 200): Reply =>
  (_request, response) => {
    response.writeHead(code).end(body);
  };

export const status = (code: number): Reply => text("", code);

/** Never answers. */
export const silence: Reply = () => {};

export const redirect =
  (location: string): Reply =>
  (_request, response) => {
    response.writeHead(302, { location }).end();
  };

/** Far more than an identity may have. */
export const flood: Reply = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(`{"name":"${"x".repeat(200_000)}"}`);
};

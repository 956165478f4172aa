import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { Webhook } from "standardwebhooks";

const HELP = `Receives webhooks, checks their signatures and prints them.

  npm run webhook-receiver -- --secret whsec_… --port 9100
  npm run webhook-receiver -- --secret whsec_… --fail 3     refuses each delivery three times before it takes it

  --secret SECRET   what Arx answered when the webhook was made; several times while one is being rotated
  --port PORT       on this machine; 9100 unless told otherwise
  --fail N          answers 503 to the first N attempts of each delivery
  --status STATUS   answers that to everything instead: 410 switches the webhook off
  --help            show this

Ends with 2 when the command is not understood.`;

const MAX_BODY_BYTES = 256 * 1024;

/** One attempt as it arrived. */
export interface Received {
  /** The event's id: the same in every attempt. */
  readonly id: string;
  /** Counted from 1, by id. */
  readonly attempt: number;
  /** The event, when one of the secrets signed it. */
  readonly event: { readonly type: string; readonly data: unknown } | null;
  /** Why it is not genuine; null when it is. */
  readonly refusal: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  status: number;
}

/** What to answer: a status, with headers and a body where wanted; null never answers. */
export type Reply = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
} | null;

export interface Receiver {
  readonly url: string;
  /** Everything that came, oldest first. */
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/**
 * A receiver of webhooks on this machine: verifies with the library of Standard Webhooks, answers 401 to what no secret signed.
 *
 * @param reply to what is genuine; 204 unless given
 */
export async function startReceiver(options: {
  readonly port: number;
  readonly secrets: () => readonly string[];
  readonly reply?: (received: Received) => Reply;
  readonly told?: (received: Received) => void;
}): Promise<Receiver> {
  const replyTo = options.reply ?? ((): Reply => ({ status: 204 }));
  const received: Received[] = [];
  const attempts = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const id = String(request.headers["webhook-id"] ?? "");
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      const checked = verified(options.secrets(), request.headers, body);
      const one: Received = { id, attempt, ...checked, headers: request.headers, body, status: 0 };
      const reply: Reply = one.refusal === null ? replyTo(one) : { status: 401, body: one.refusal };
      one.status = reply?.status ?? 0;
      received.push(one);
      options.told?.(one);
      if (reply) response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function verified(
  secrets: readonly string[],
  headers: IncomingHttpHeaders,
  body: string,
): Pick<Received, "event" | "refusal"> {
  let refusal = "No secret is known here.";
  for (const secret of secrets) {
    try {
      const event = new Webhook(secret).verify(body, headers as Record<string, string>);
      return { event: event as Received["event"], refusal: null };
    } catch (error) {
      refusal = error instanceof Error ? error.message : String(error);
    }
  }
  return { event: null, refusal };
}

function lineOf({ id, attempt, event, refusal, status }: Received): string {
  const time = new Date().toTimeString().slice(0, 8);
  const nth = attempt > 1 ? ` (attempt ${attempt})` : "";
  const what = event
    ? `${event.type} ${id}${nth}\n  ${JSON.stringify(event.data)}`
    : `refused ${id}${nth}: ${refusal}`;
  return `${time} ${status} ${what}`;
}

function optionsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      secret: { type: "string", multiple: true },
      port: { type: "string", default: "9100" },
      fail: { type: "string", default: "0" },
      status: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const whole = (name: string, text: string, min: number, max: number) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new Error(`--${name} must be a whole number from ${min} to ${max}.`);
    return value;
  };
  const secrets = values.secret ?? [];
  if (!values.help && secrets.length === 0) throw new Error("--secret is required.");
  for (const secret of secrets) {
    if (!/^whsec_[A-Za-z0-9+/]+=*$/.test(secret)) throw new Error("--secret must be whsec_ and base64.");
  }
  return {
    help: values.help,
    secrets,
    port: whole("port", values.port, 0, 65_535),
    fail: whole("fail", values.fail, 0, 1_000_000),
    status: values.status === undefined ? undefined : whole("status", values.status, 200, 599),
  };
}

async function main(): Promise<void> {
  let options: ReturnType<typeof optionsOf>;
  try {
    options = optionsOf(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}\n`);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const { secrets, port, fail, status } = options;
  const receiver = await startReceiver({
    port,
    secrets: () => secrets,
    reply: ({ attempt }) => ({ status: status ?? (attempt <= fail ? 503 : 204) }),
    told: (received) => process.stdout.write(`${lineOf(received)}\n`),
  });
  process.stdout.write(`Receiving webhooks at ${receiver.url}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void receiver.close().then(() => process.exit(0)));
  }
}

if (import.meta.main) await main();

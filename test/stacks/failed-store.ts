import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a function answers to a call; `error` as Lambda's header has it. */
interface Answer {
  readonly error?: string;
  readonly body: unknown;
}

/** A bucket, a queue and a function, as far as a redrive speaks with them, by their own protocols on loopback. */
export interface FailedStore {
  readonly endpoint: string;
  readonly objects: Map<string, string>;
  readonly messages: string[];
  readonly invoked: { name: string; event: unknown }[];
  /** Answers to the next calls; an empty one when there is none left. */
  readonly answers: Answer[];
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Keys a page of a listing: few, so that there are several. */
const PAGE = 2;

export async function startFailedStore(): Promise<FailedStore> {
  const objects = new Map<string, string>();
  const messages: string[] = [];
  const invoked: FailedStore["invoked"] = [];
  const answers: Answer[] = [];
  /** Messages handed out, by their receipt: they are hidden from then on. */
  const hidden = new Map<string, string>();

  function answer(request: IncomingMessage, body: string): Reply {
    const url = new URL(request.url!, "http://loopback");
    const target = request.headers["x-amz-target"] as string | undefined;
    if (target) return queue(target, JSON.parse(body) as Record<string, string>);
    const invocation = /^\/2015-03-31\/functions\/(.*)\/invocations$/.exec(url.pathname);
    if (invocation) return call(decodeURIComponent(invocation[1]!), JSON.parse(body));
    const key = decodeURIComponent(url.pathname.replace(/^\/failed\/?/, ""));
    return key === "" ? listed(url.searchParams) : object(request.method!, key);
  }

  function call(name: string, event: unknown): Reply {
    invoked.push({ name, event });
    const { error, body } = answers.shift() ?? { body: null };
    const headers = error ? { "x-amz-function-error": error } : {};
    return { status: 200, headers, body: JSON.stringify(body) };
  }

  function listed(query: URLSearchParams): Reply {
    const after = query.get("continuation-token") ?? "";
    const keys = [...objects.keys()]
      .sort()
      .filter((key) => key > after && key.startsWith(query.get("prefix")!));
    const page = keys.slice(0, PAGE);
    const more = keys.length > PAGE;
    const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
    const contents = page.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join("");
    const body = `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents}</ListBucketResult>`;
    return { status: 200, headers: { "content-type": "application/xml" }, body };
  }

  function object(method: string, key: string): Reply {
    const text = objects.get(key);
    if (method === "DELETE") {
      objects.delete(key);
      return { status: 204 };
    }
    if (text === undefined)
      return { status: 404, body: method === "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>" };
    return { status: 200, ...(method === "HEAD" ? {} : { body: text }) };
  }

  function queue(target: string, input: Record<string, string>): Reply {
    const headers = { "content-type": "application/x-amz-json-1.0" };
    if (target.endsWith(".DeleteMessage")) {
      messages.splice(messages.indexOf(hidden.get(input.ReceiptHandle!)!), 1);
      hidden.delete(input.ReceiptHandle!);
      return { status: 200, headers, body: "{}" };
    }
    const shown = messages.filter((one) => ![...hidden.values()].includes(one)).slice(0, 2);
    const Messages = shown.map((Body) => {
      const id = randomUUID();
      hidden.set(id, Body);
      const MD5OfBody = createHash("md5").update(Body).digest("hex");
      return { MessageId: id, ReceiptHandle: id, Body, MD5OfBody };
    });
    return { status: 200, headers, body: JSON.stringify({ Messages }) };
  }

  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const reply = answer(request, body);
      response.writeHead(reply.status, reply.headers);
      response.end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    messages,
    invoked,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

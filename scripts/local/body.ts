import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { TooLarge } from "../../core/errors.ts";

/** API Gateway's limit on a payload. */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/** The whole body of a request. @throws TooLarge past 10 MB, without keeping the rest; Error when the caller goes away. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_PAYLOAD_BYTES) return refuse(request);
  const chunks: Buffer[] = [];
  let size = 0;
  // An early end of the loop must not destroy the request, or the caller would never see the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > MAX_PAYLOAD_BYTES) return refuse(request);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

// A caller that still sends when the socket is closed loses the answer, so what it sends is thrown away for a moment first.
async function refuse(request: IncomingMessage): Promise<never> {
  const ended = new Promise((resolve) => request.once("close", resolve).once("end", resolve));
  request.resume();
  await Promise.race([ended, sleep(2000, undefined, { ref: false })]);
  throw new TooLarge("The body is larger than 10 MB.");
}

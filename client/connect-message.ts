import { ArxError } from "./error.ts";

/** What a server sends: an event, or an answer. */
export interface Message {
  readonly type: string;
  readonly id: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The messages in what came over a socket, one or an array of them.
 *
 * @throws ArxError `PROTOCOL` for anything else: passing over it could be passing over an event
 */
export function messagesIn(received: unknown): Message[] {
  try {
    const messages = [JSON.parse(received as string) as unknown].flat();
    if (messages.every(isMessage)) return messages;
  } catch {
    // As below.
  }
  throw new ArxError(0, { detail: "The server sent what is no event." }, { code: "PROTOCOL" });
}

function isMessage(value: unknown): value is Message {
  const { type, id, at, data } = (value ?? {}) as Partial<Message>;
  return [type, id, at].every((one) => typeof one === "string") && typeof data === "object" && data !== null;
}

/** Answers to what the client sends; their ids are no events'. */
export const ANSWERS: readonly string[] = ["subscribed", "unsubscribed", "pong", "error"];

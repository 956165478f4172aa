import { ANSWERS, type Message, messagesIn } from "./connect-message.ts";
import type { Socket } from "./connect-types.ts";
import { ArxError, type Problem } from "./error.ts";

export interface Pace {
  readonly openWithinMs: number;
  readonly pingEveryMs: number;
  readonly pongWithinMs: number;
  readonly closeWithinMs: number;
}

export interface Talk {
  /** What to subscribe to. */
  readonly subscription: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  subscribed(answer: Message): void;
  /** An event, or that a snapshot is required. @returns false when no more can be taken */
  take(item: Message): boolean;
}

/** The code of an `error` that answers a subscription; its status is the server's, where it told. */
export const NOT_SUBSCRIBED = "NOT_SUBSCRIBED";

/**
 * Subscribes over a socket and hears it out, until either side closes it, the signal says so, or it does not answer in time.
 *
 * @returns why it ended, once it is closed; undefined when that was wished here
 */
export function converse(socket: Socket, pace: Pace, talk: Talk): Promise<ArxError | undefined> {
  return new Promise((resolve) => {
    let phase: "opening" | "live" | "ending" = "opening";
    let cause: ArxError | undefined;
    // One at a time is enough: opening, then the next ping or its pong, then closing.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const within = (ms: number, then: () => void) => {
      clearTimeout(timer);
      timer = setTimeout(then, ms);
    };
    const say = (words: object) => socket.send(JSON.stringify(words));
    const end = (why?: ArxError) => {
      if (phase === "ending") return;
      phase = "ending";
      cause = why;
      // A peer that is gone never answers the closing handshake.
      within(pace.closeWithinMs, settle);
      socket.close();
    };
    const settle = () => {
      clearTimeout(timer);
      talk.signal.removeEventListener("abort", stop);
      resolve(cause);
    };
    const stop = () => end();
    const ping = () => {
      say({ action: "ping" });
      within(pace.pongWithinMs, () => end(lost("The server did not answer a ping in time.")));
    };
    const hear = (message: Message) => {
      if (phase === "live") {
        if (message.type === "pong") within(pace.pingEveryMs, ping);
        else if (!ANSWERS.includes(message.type) && !talk.take(message)) end();
      } else if (message.type === "subscribed") {
        phase = "live";
        within(pace.pingEveryMs, ping);
        talk.subscribed(message);
      } else if (message.type === "error") end(refusal(message));
    };

    socket.addEventListener("open", () => {
      if (phase === "opening") say({ action: "subscribe", ...talk.subscription });
    });
    socket.addEventListener("message", ({ data }) => {
      if (phase === "ending") return;
      try {
        for (const message of messagesIn(data)) if ((phase as string) !== "ending") hear(message);
      } catch (error) {
        end(error as ArxError);
      }
    });
    // What went wrong is not told to pages; the close that follows has as much.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", ({ code }) => {
      if (phase !== "ending") cause = lost(`The connection was closed (${code}).`);
      phase = "ending";
      settle();
    });
    talk.signal.addEventListener("abort", stop);
    within(pace.openWithinMs, () => end(lost("The server did not take a subscription in time.")));
    if (talk.signal.aborted) stop();
  });
}

function lost(detail: string): ArxError {
  return new ArxError(0, { detail }, { code: "NETWORK" });
}

function refusal({ data }: Message): ArxError {
  const { error, errors, status } = data as { error?: string; errors?: Problem["errors"]; status?: number };
  const detail = error ?? "The server refused the subscription.";
  return new ArxError(status ?? 0, { detail, ...(errors && { errors }) }, { code: NOT_SUBSCRIBED });
}

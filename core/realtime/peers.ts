/** What became of a message: `gone` when there is no such connection any more, `failed` when it is not known to have arrived. */
export type Posted = "sent" | "gone" | "failed";

/** The way to those who listen: API Gateway's `@connections`. Neither call throws. */
export interface Peers {
  /** @param text at most 32 KB */
  post(connectionId: string, text: string): Promise<Posted>;
  close(connectionId: string): Promise<void>;
}

import type { Sealer } from "./sealer.ts";

/** A sealer that is opened when it is first used: what it is made of is heavy, and most calls of a function seal nothing. */
export function lazySealer(open: () => Promise<Sealer>): Sealer {
  let opening: Promise<Sealer> | undefined;
  const opened = () => {
    // One that could not be opened is tried anew by whoever needs it next.
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    seal: async (plaintext, context) => (await opened()).seal(plaintext, context),
    open: async (sealed, context) => (await opened()).open(sealed, context),
  };
}

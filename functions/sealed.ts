import type { Config } from "../core/config.ts";
import type { Sealer } from "../core/sealing/index.ts";

/** For `openWorld`: a sealer under the stage's key, in a chunk of its own, since most calls of a function seal nothing. */
export async function openSealer({ ARX_SEALING_KEY: key }: Config): Promise<Sealer> {
  if (key === undefined)
    throw new Error("ARX_SEALING_KEY is not set: this function can't seal or open secrets");
  const { openKmsSealer } = await import("./sealing.ts");
  return openKmsSealer(key);
}

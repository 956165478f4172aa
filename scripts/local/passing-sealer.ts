import { lazySealer, type Sealer } from "../../core/sealing/index.ts";

/** A sealer for what keeps nothing: its key is made when it is first used, and gone with the process. */
export function passingSealer(): Sealer {
  return lazySealer(async () => {
    const { newSealingKey, openLocalSealer } = await import("./sealing.ts");
    return openLocalSealer(newSealingKey());
  });
}

export { lazySealer } from "./lazy.ts";
export { SealBroken, type Sealer } from "./sealer.ts";

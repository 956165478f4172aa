export { begin } from "./begin.ts";
export { end, endByToken, endOwn } from "./end.ts";
export { listOwn } from "./list.ts";
export { isLive } from "./live.ts";
export { turn } from "./turn.ts";

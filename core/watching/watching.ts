export { check } from "./check.ts";
export { dispatch } from "./dispatch.ts";
export { follow } from "./follow.ts";
export { watchNow } from "./newcomers.ts";
export { sweep } from "./sweep.ts";

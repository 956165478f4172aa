export { callerAt } from "./address.ts";
export { takeHere } from "./here.ts";
export { giveBack, type Take, take, takeAll } from "./shared.ts";

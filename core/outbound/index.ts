export { isPublicAddress } from "./addresses.ts";
export { createOutbound, type Outbound, type OutboundAnswer, type OutboundRequest } from "./client.ts";
export { OutboundError, type OutboundErrorKind } from "./errors.ts";
export type { Lookup, OutboundPolicy } from "./policy.ts";
export { checkTarget } from "./target.ts";

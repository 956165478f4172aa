export { broadcast } from "./broadcast.ts";
export { closed, endAll, find, open } from "./connections.ts";
export { controlMessage } from "./message.ts";
export { ping } from "./ping.ts";
export { MAX_INBOUND_BYTES } from "./schema.ts";
export { subscribe, unsubscribe } from "./subscribe.ts";
export { actorOfTicket, issueTicket } from "./tickets.ts";

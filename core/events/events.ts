export { endOf, eventId, FIRST_READING, type Place, placeOf } from "./id.ts";
export { KEPT_S, seqOf } from "./items.ts";
export { append, entryOfImage, head, readAfter } from "./log.ts";
export { nodeEvents, placeOfNode } from "./node-events.ts";
export { requestEvents } from "./request-events.ts";

export type { RequestStatus, RoutingRequest } from "./record.ts";
/** For the routing function, which records and never lists: by its own name, so that its bundle takes nothing else. */
export { record as recordRequest } from "./record.ts";
export * as Requests from "./requests.ts";
export type { RequestView } from "./view.ts";

export type { RequestStatus, RoutingRequest } from "./record.ts";
export * as Requests from "./record.ts";

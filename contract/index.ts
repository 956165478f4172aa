import type { Endpoint } from "./endpoint.ts";
import { analytics } from "./endpoints/analytics.ts";
import { audit } from "./endpoints/audit.ts";
import { auth } from "./endpoints/auth.ts";
import { discovery } from "./endpoints/discovery.ts";
import { keys } from "./endpoints/keys.ts";
import { nodes } from "./endpoints/nodes.ts";
import { realtime } from "./endpoints/realtime.ts";
import { requests } from "./endpoints/requests.ts";
import { routing } from "./endpoints/routing.ts";
import { service } from "./endpoints/service.ts";
import { watching } from "./endpoints/watching.ts";
import { webhooks } from "./endpoints/webhooks.ts";

export type { Caller, Domain, Endpoint, Method, Who } from "./endpoint.ts";
export { pathNames } from "./endpoint.ts";

/** The endpoint list: stacks, handlers, the OpenAPI document and the client are all made from it. */
export const ENDPOINTS = {
  ...routing,
  ...nodes,
  ...watching,
  ...discovery,
  ...requests,
  ...analytics,
  ...realtime,
  ...auth,
  ...keys,
  ...audit,
  ...webhooks,
  ...service,
} satisfies Record<string, Endpoint>;

export type EndpointId = keyof typeof ENDPOINTS;

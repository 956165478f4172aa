export { type Delivery, type DeliveryQueue, delivery, type PutOff } from "./queue.ts";
export type { WebhookSecretView, WebhookTestView, WebhookView } from "./view.ts";
export * as Webhooks from "./webhooks.ts";

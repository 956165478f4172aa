import * as z from "zod/mini";
import {
  createWebhookInput,
  listWebhooksInput,
  rotateSecretInput,
  updateWebhookInput,
  webhookById,
  webhookByIdIfMatch,
} from "../../core/webhooks/schema.ts";
import { webhookSecretView, webhookTestView, webhookView } from "../../core/webhooks/view.ts";
import { endpoint } from "../endpoint.ts";

const path = "/admin/api/v1/webhooks";
const one = `${path}/{id}` as const;
const common = { domain: "webhooks", who: ["admin"] } as const;

export const webhooks = {
  listWebhooks: endpoint({
    ...common,
    method: "GET",
    path,
    summary: "List webhooks, newest first, with how their deliveries go",
    input: listWebhooksInput,
    output: z.array(webhookView),
    status: [200],
    paged: true,
  }),
  createWebhook: endpoint({
    ...common,
    method: "POST",
    path,
    summary: "Register an address that events are sent to",
    description:
      "Each event of the types (and, with `cells`, of the places) asked for is posted there as `{type, id, at, data}`, at least once and in " +
      "no promised order, signed as Standard Webhooks has it with the `secret` of this answer, which is shown this once. `webhook-id` is " +
      "the event's id: by it a receiver knows a repeat. Any 2xx is success; else it is tried again, ten times over some sixteen hours; 410 " +
      "switches the webhook off. There are 50 at most.",
    input: createWebhookInput,
    output: webhookSecretView,
    status: [201],
    errors: [409],
    creates: true,
    secret: true,
    revised: true,
    example: {
      input: {
        url: "https://hooks.example.com/arx",
        types: ["node_registered", "node_health_updated"],
        cells: ["u0q"],
        description: "Tells the operators",
      },
    },
  }),
  getWebhook: endpoint({
    ...common,
    method: "GET",
    path: one,
    summary: "One webhook, and how its deliveries go",
    input: webhookById,
    output: webhookView,
    status: [200],
    errors: [404],
    revised: true,
  }),
  updateWebhook: endpoint({
    ...common,
    method: "PUT",
    path: one,
    summary: "Change a webhook; fields left out stay as they are",
    description: "One that is switched on again gets the events from then on.",
    input: updateWebhookInput,
    output: webhookView,
    status: [200],
    errors: [404, 409, 412],
    revised: true,
    example: { input: { id: "0199b2a4-7c5e-7d3a-9c1f-2f6f0c3f5b11", types: ["*"], active: true } },
  }),
  deleteWebhook: endpoint({
    ...common,
    method: "DELETE",
    path: one,
    summary: "Delete a webhook; what waits to be delivered to it is dropped",
    input: webhookByIdIfMatch,
    output: z.undefined(),
    status: [204],
    errors: [404, 409, 412],
    revised: true,
  }),
  rotateWebhookSecret: endpoint({
    ...common,
    method: "POST",
    path: `${one}/rotate-secret`,
    summary: "Give a webhook a new secret",
    description:
      "It is shown this once. The one before signs beside it for `overlap_s` seconds, a day unless told otherwise: `webhook-signature` then " +
      "holds a signature of each, and a receiver may take either. `overlap_s: 0` ends it at once, as after a leak.",
    input: rotateSecretInput,
    output: webhookSecretView,
    status: [200],
    errors: [404, 409, 412],
    revised: true,
  }),
  testWebhook: endpoint({
    ...common,
    method: "POST",
    path: `${one}/test`,
    summary: "Send a webhook a signed event now, once, and see what its receiver makes of it",
    description:
      "The event's type is `webhook_test`. It works while the webhook is switched off, and counts as no delivery.",
    input: webhookById,
    output: webhookTestView,
    status: [200],
    errors: [404],
  }),
};

import { routeInput, routeOutput } from "../../core/routing/schema.ts";
import { endpoint } from "../endpoint.ts";

export const routing = {
  route: endpoint({
    method: "POST",
    path: "/api/v1/route",
    domain: "routing",
    who: ["anyone"],
    stricter: {
      when: ({ payload, forward }) => forward === true || (forward !== false && payload !== undefined),
      who: ["user", "admin", "service:route"],
    },
    summary: "Send a client to the best node near it",
    description:
      "Answers with the node and the alternatives in order. With a `payload` the request is forwarded to the node's `/process`, and " +
      "to the next candidate if that fails; that needs a user, or a key with the scope `route`. 503 says in `code` why no node qualifies.",
    input: routeInput,
    output: routeOutput,
    status: [200],
    errors: [502, 503, 504],
    example: {
      input: { request_id: "r-1", coordinates: { lat: 47.37, lng: 8.54 } },
    },
  }),
};

import {
  batchInput,
  batchOutput,
  discoverInput,
  scanInput,
  scanOutput,
} from "../../core/discovery/schema.ts";
import { nodeView } from "../../core/nodes/view.ts";
import { endpoint } from "../endpoint.ts";

export const discovery = {
  discoverNode: endpoint({
    method: "POST",
    path: "/admin/api/v1/discovery/discover",
    domain: "discovery",
    who: ["admin", "service:nodes:write"],
    summary: "Look at an address and take up the node there as `discovered`",
    description:
      "The node is asked `GET {endpoint}/identity`; one without it must answer `GET {endpoint}/health`. A `name` and `location` in the " +
      "request go before what the node says of itself; without either the name is its host and the position is left for later. A node " +
      "that is known already, by its id or its endpoint, is a conflict. 502 says why nothing could be found.",
    input: discoverInput,
    output: nodeView,
    status: [201],
    errors: [409, 502],
    creates: true,
    revised: true,
    example: {
      input: {
        endpoint: "https://zurich-1.edge.example.com",
        name: "zurich-1",
        location: { lat: 47.3769, lng: 8.5417 },
      },
    },
  }),
  discoverNodes: endpoint({
    method: "POST",
    path: "/admin/api/v1/discovery/batch",
    domain: "discovery",
    who: ["admin", "service:nodes:write"],
    summary: "Look at up to 256 addresses at once",
    description:
      "Each is discovered by itself: one that fails fails no other. 200 when all became nodes, 207 when some did not; `errors` says of " +
      "each why, of a known node `already known as …`. Sending the same again makes no second node.",
    input: batchInput,
    output: batchOutput,
    status: [200, 207],
    creates: true,
    example: {
      input: { endpoints: ["https://zurich-1.edge.example.com", "https://lisbon-1.edge.example.com:8443"] },
    },
  }),
  scanNetwork: endpoint({
    method: "GET",
    path: "/admin/api/v1/discovery/scan",
    domain: "discovery",
    who: ["admin", "service:nodes:write"],
    summary: "Look for nodes through a network that the operator has allowed",
    description:
      "Every address of `network` (IPv4, /22 or smaller) is asked `GET http://{address}:{port}/identity` on each of `ports` (default " +
      "8080); whoever introduces itself becomes a `discovered` node. The whole network must lie within `ARX_SCAN_NETWORKS`, which by " +
      "itself opens nothing: private, link-local and other special addresses are never contacted, so only public networks can be scanned, " +
      "and in the local run loopback. Time may run out: then `remaining` says how many targets were not looked at, and `next` is the " +
      "`offset` to ask for them with. A scan may be repeated; nodes it finds again are counted as `known`.",
    input: scanInput,
    output: scanOutput,
    status: [200],
    errors: [403],
    example: { input: { network: "203.0.113.0/28", ports: "80,8080" } },
  }),
};

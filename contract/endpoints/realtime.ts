import * as z from "zod/mini";
import { ticketView } from "../../core/realtime/schema.ts";
import { endpoint } from "../endpoint.ts";

export const realtime = {
  createTicket: endpoint({
    method: "POST",
    path: "/api/v1/ws-tickets",
    domain: "realtime",
    who: ["admin", "service:events:read"],
    summary: "A ticket to open a WebSocket with",
    description:
      "Good for one connection, within 30 seconds: connect to `url` with `ticket` added to its query. A browser can't send credentials " +
      "with a WebSocket, and a ticket in an address is worth nothing once it was used. The connection gets every event from a second " +
      'after it opened, or what it asks for by `{"action":"subscribe","types":["node_updated"],"cells":["u0q"],"since":"<event id>"}`: ' +
      "`types` of events (all when left out), `cells` as geohash prefixes (everywhere when left out), and `since` the id of the last event " +
      'seen, to be sent what came after it in the last hour. `{"action":"ping"}` is answered by `pong`, and keeps an idle connection ' +
      "open. Messages are one event, `{type, id, at, data}`, or an array of them, the oldest first; ids only grow, and an id that is not " +
      "above the last one seen is a repeat. `snapshot_required` says that events are missing, and where to get the state instead.",
    input: z.object({}),
    output: ticketView,
    status: [201],
  }),
};

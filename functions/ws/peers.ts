import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import type { World } from "../../core/ctx.ts";
import type { Peers } from "../../core/realtime/index.ts";

/**
 * Messages under way at once, each on a socket of its own. The others wait before their time begins to count: hundreds of handshakes at once
 * would take a function's share of a processor for so long that all of them ran out of it.
 */
const MAX_UNDER_WAY = 128;

/** The connections of the WebSocket API that a function was given. @throws Error when the stack gave it none. */
export function openPeers(world: World): Peers {
  const lines = openLines(world);
  const { client, inTurn } = lines;
  return {
    async post(connectionId, text) {
      try {
        const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: text });
        await inTurn(() => client.send(command));
        return "sent";
      } catch (error) {
        if ((error as Error).name === "GoneException") return "gone";
        world.log.warn("A message could not be sent", { connection_id: connectionId, error: String(error) });
        return "failed";
      }
    },
    close: closing(world, lines),
  };
}

/** The same for a function that only closes them, and may do no more. @throws as `openPeers` does. */
export function openCloser(world: World): Pick<Peers, "close"> {
  return { close: closing(world, openLines(world)) };
}

type Lines = ReturnType<typeof openLines>;

function openLines({ config }: World) {
  const endpoint = config.ARX_REALTIME_ENDPOINT;
  if (!endpoint) throw new Error("ARX_REALTIME_ENDPOINT is not set.");
  const agent = { keepAlive: true, maxSockets: MAX_UNDER_WAY };
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    ...(config.DYNAMODB_ENDPOINT
      ? { region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } }
      : {}),
    // What failed is sent again with the next pass, together with what came since.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 1000,
      requestTimeout: 3000,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
  });
  return { client, inTurn: openLanes(MAX_UNDER_WAY) };
}

function closing({ log }: World, { client, inTurn }: Lines): Peers["close"] {
  return async (connectionId) => {
    try {
      const command = new DeleteConnectionCommand({ ConnectionId: connectionId });
      await inTurn(() => client.send(command));
    } catch (error) {
      if ((error as Error).name === "GoneException") return;
      log.warn("A connection could not be closed", { connection_id: connectionId, error: String(error) });
    }
  };
}

/** Runs at most `most` at once, the others in the order in which they came. */
function openLanes(most: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

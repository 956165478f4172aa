import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import type { World } from "../../core/ctx.ts";
import type { Peers } from "../../core/realtime/index.ts";

/** Sockets to API Gateway at once: more posts than that wait for each other. A function has 1 024 file descriptors. */
const MAX_SOCKETS = 500;

/** The connections of the WebSocket API that a function was given. @throws Error when the stack gave it none. */
export function openPeers({ config, log }: World): Peers {
  const endpoint = config.ARX_REALTIME_ENDPOINT;
  if (!endpoint) throw new Error("ARX_REALTIME_ENDPOINT is not set.");
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
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
  return {
    async post(connectionId, text) {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: text }));
        return "sent";
      } catch (error) {
        if ((error as Error).name === "GoneException") return "gone";
        log.warn("A message could not be sent", { connection_id: connectionId, error: String(error) });
        return "failed";
      }
    },
    async close(connectionId) {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
      } catch (error) {
        if ((error as Error).name === "GoneException") return;
        log.warn("A connection could not be closed", { connection_id: connectionId, error: String(error) });
      }
    },
  };
}

import { ArxError, type Client, createClient } from "../../client/index.ts";
import { CannotStart } from "../local/cannot-start.ts";
import type { FleetReady } from "./fleet.ts";

type DemoNodeFacts = FleetReady["nodes"][number];

export interface Supervisor {
  readonly origin: string;
  /** What may make nodes: an access token of an admin, or a key with the scope `nodes:write`. */
  readonly token: string;
}

/** Makes each node known and active. One that is known from an earlier run gets its new address, as its port is another now. */
export async function registerFleet(
  { origin, token }: Supervisor,
  nodes: FleetReady["nodes"],
  signal: AbortSignal,
): Promise<void> {
  const arx = createClient({ baseUrl: origin, token });
  for (const node of nodes) {
    if (signal.aborted) return;
    try {
      await arx.registerNodeAsAdmin({ id: node.id, ...facts(node), auto_start: true });
    } catch (error) {
      if (!isStatus(error, 409)) throw refused(node, error);
      await bringBack(arx, node);
    }
  }
}

async function bringBack(arx: Client, node: DemoNodeFacts): Promise<void> {
  try {
    await arx.updateNode({ id: node.id, ...facts(node) });
    await arx.activateNode({ id: node.id });
  } catch (error) {
    // 400 says that it is active already.
    if (!isStatus(error, 400)) throw refused(node, error);
  }
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof ArxError && error.status === status;
}

function refused(node: DemoNodeFacts, error: unknown): CannotStart {
  return new CannotStart(`The demo node ${node.id} was not taken: ${(error as Error).message}`);
}

function facts({ name, region, lat, lng, endpoint, capacity }: DemoNodeFacts) {
  return { name, location: { lat, lng }, endpoint, capacity, region, labels: ["demo"] };
}

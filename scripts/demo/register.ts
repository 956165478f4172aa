import { CannotStart } from "../local/cannot-start.ts";
import type { FleetReady } from "./fleet.ts";

type DemoNodeFacts = FleetReady["nodes"][number];

export interface Supervisor {
  readonly origin: string;
  readonly adminKey: string;
}

/** Makes each node known and active. One that is known from an earlier run gets its new address, as its port is another now. */
export async function registerFleet(
  supervisor: Supervisor,
  nodes: FleetReady["nodes"],
  signal: AbortSignal,
): Promise<void> {
  // One after another: an early node must not wait in a crowd of 24 on a cold start.
  for (const node of nodes) {
    if (signal.aborted) return;
    const made = await call(supervisor, "POST", "/admin/api/v1/nodes/register", {
      id: node.id,
      ...facts(node),
      auto_start: true,
    });
    if (made.status === 409) await bringBack(supervisor, node);
    else if (made.status !== 201) throw refused(node, made);
  }
}

async function bringBack(supervisor: Supervisor, node: DemoNodeFacts): Promise<void> {
  const changed = await call(supervisor, "PUT", `/admin/api/v1/nodes/${node.id}`, facts(node));
  if (changed.status !== 200) throw refused(node, changed);
  const activated = await call(supervisor, "POST", `/admin/api/v1/nodes/${node.id}/activate`, {});
  // 400 says that it is active already.
  if (activated.status !== 200 && activated.status !== 400) throw refused(node, activated);
}

function facts({ name, region, lat, lng, endpoint, capacity }: DemoNodeFacts): Record<string, unknown> {
  return { name, location: { lat, lng }, endpoint, capacity, region, labels: ["demo"] };
}

interface Called {
  readonly status: number;
  readonly text: string;
}

async function call(
  { origin, adminKey }: Supervisor,
  method: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Called> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

function refused(node: DemoNodeFacts, { status, text }: Called): CannotStart {
  return new CannotStart(`The demo node ${node.id} was not taken: ${status} ${text.slice(0, 300)}`);
}

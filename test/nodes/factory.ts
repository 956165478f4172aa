import type { Ctx } from "../../core/ctx.ts";
import { Nodes } from "../../core/nodes/index.ts";

type Given = Parameters<typeof Nodes.adminRegister>[1];

let made = 0;

/** What a client says of a new node; each one is another. */
export function describeNode(given: Partial<Given> = {}): Given {
  made++;
  return {
    name: `Node ${made}`,
    endpoint: `http://node-${made}.example.com`,
    location: { lat: 47.3769, lng: 8.5417 },
    ...given,
  };
}

/** A node, active unless told otherwise. @returns its id. */
export async function makeNode(ctx: Ctx, given: Partial<Given> = {}): Promise<string> {
  const { node } = await Nodes.adminRegister(ctx, describeNode({ auto_start: true, ...given }));
  return node.id;
}

/** A clock that stands until it is set. */
export function steadyClock(start = Date.UTC(2026, 0, 1)): {
  now: () => number;
  advance: (ms: number) => void;
} {
  let at = start;
  return {
    now: () => at,
    advance(ms) {
      at += ms;
    },
  };
}

import { nodes } from "../../contract/endpoints/nodes.ts";
import { watching } from "../../contract/endpoints/watching.ts";
import type { World } from "../../core/ctx.ts";
import { Limits } from "../../core/limits/index.ts";
import { Metrics } from "../../core/metrics/index.ts";
import { etagOf, Nodes } from "../../core/nodes/index.ts";
import { Watching } from "../../core/watching/index.ts";
import { openSealer } from "../sealed.ts";
import { openWorld } from "../world.ts";
import { bind, created, noContent, ok } from "./bind.ts";
import { type HttpHandler, serve } from "./chain.ts";
import { repeatable } from "./idempotency.ts";
import { identityOf } from "./limited.ts";
import { nextLink } from "./page.ts";

const etag = ({ revision }: { readonly revision: number }) => ({ etag: etagOf(revision) });
const at = (id: string) => ({ location: `/api/v1/nodes/${id}` });

const boundNodes = bind(nodes, {
  listNodes: async (ctx, input, request) => {
    const { items, next } = await Nodes.list(ctx, input);
    return ok(items, nextLink(request, next));
  },
  listNodesAsAdmin: async (ctx, input, request) => {
    const { items, next } = await Nodes.listWhole(ctx, input);
    return ok(items, nextLink(request, next));
  },
  getNode: async (ctx, input) => {
    const node = await Nodes.get(ctx, input);
    return ok(node, etag(node));
  },
  registerNode: async (ctx, input) => {
    await Limits.take(ctx, { name: "node_registration", key: identityOf(ctx) });
    const node = await Nodes.register(ctx, input);
    return created(node, { ...etag(node), ...at(node.id) });
  },
  createNode: async (ctx, input) => {
    const node = await Nodes.create(ctx, input);
    return created(node, { ...etag(node), ...at(node.id) });
  },
  registerNodeAsAdmin: async (ctx, input) => {
    const registered = await Nodes.adminRegister(ctx, input);
    return created(registered, { ...etag(registered.node), ...at(registered.node.id) });
  },
  updateNode: async (ctx, input) => {
    const node = await Nodes.update(ctx, input);
    return ok(node, etag(node));
  },
  deleteNode: async (ctx, input) => {
    await Nodes.remove(ctx, input);
    return noContent();
  },
  activateNode: async (ctx, input) => changed(await Nodes.activate(ctx, input)),
  deactivateNode: async (ctx, input) => changed(await Nodes.deactivate(ctx, input)),
  drainNode: async (ctx, input) => changed(await Nodes.drain(ctx, input)),
  disableNode: async (ctx, input) => changed(await Nodes.disable(ctx, input)),
  getNodeTransitions: async (ctx, input, request) => {
    const { next, ...ledger } = await Nodes.transitions(ctx, input);
    return ok(ledger, nextLink(request, next));
  },
  getNodeStatus: async (ctx, input) => ok(await Nodes.status(ctx, input)),
});

function changed(view: Awaited<ReturnType<typeof Nodes.activate>>) {
  return ok(view, etag(view));
}

const boundWatching = bind(watching, {
  checkNode: async (ctx, input) => ok(await Watching.check(ctx, input)),
  getEdgeMetrics: async (ctx, input) => ok(await Metrics.ofNode(ctx, input)),
});

export function makeNodes(open: () => World): HttpHandler {
  return serve(open, [...boundNodes, ...boundWatching], { repeatable });
}

export const handler = makeNodes(() => openWorld("nodes", openSealer));

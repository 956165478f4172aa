import { randomBytes } from "node:crypto";
import type { EndpointId } from "../../contract/index.ts";
import { Keys } from "../../core/keys/index.ts";
import { Requests } from "../../core/requests/index.ts";
import { Webhooks } from "../../core/webhooks/index.ts";
import { describeNode } from "../nodes/factory.ts";
import { describeRequest } from "../requests/factory.ts";
import { adminCtx, PASSWORD } from "../world/index.ts";
import type { Calling } from "./callers.ts";
import type { Input, Told } from "./edge.ts";
import { logIn, type Stage, sessionOf } from "./stage.ts";

/** What an endpoint is asked in a test, and whose the thing is that it is asked about. */
export interface Asked {
  /**
   * Whose things these are: `node`, the node's of that id; `user`, the user's of that session; `own`, always the caller's own; `all`,
   * those of everybody who may call.
   */
  readonly of: "node" | "user" | "own" | "all";
  /** An input that succeeds, about something that is there. For `node`: about this one. */
  readonly input: (stage: Stage, nodeId: string) => Input | Promise<Input>;
  /** One that needs a stricter caller, where the endpoint knows such. */
  readonly stricter?: (stage: Stage) => Input;
  /** Whether a node that it is asked about must be active; it is unless said. */
  readonly inactive?: boolean;
  /** What the answer to this caller must hold, or must not. */
  readonly check?: (told: Told, caller: Calling, stage: Stage) => string | null;
  /** Statuses that are as good as success, where the store decides. */
  readonly also?: readonly number[];
  /** Its caller is logged out by it. */
  readonly logsOut?: boolean;
}

const all = (input: Asked["input"] = () => ({})): Asked => ({ of: "all", input });
const node = (more: Input = {}): Asked => ({ of: "node", input: (_, id) => ({ id, ...more }) });
const unique = () => randomBytes(6).toString("hex");
const newNode = (stage: Stage): Input => describeNode({ endpoint: `${stage.origin}/${unique()}` });

const anotherWebhook = async ({ world, origin }: Stage) =>
  (await Webhooks.create(adminCtx(world), { url: `${origin}/process`, types: ["node_updated"] })).id;

const isWhole = ({ kind, scopes }: Calling) => kind === "admin" || scopes.includes("nodes:read");

/** Every endpoint there is: one that is not here does not compile, and fails the run. */
export const ASKED: Readonly<Record<EndpointId, Asked>> = {
  route: {
    of: "all",
    input: () => ({ request_id: "r-1", coordinates: { lat: 47.37, lng: 8.54 } }),
    stricter: () => ({ request_id: "r-1", coordinates: { lat: 47.37, lng: 8.54 }, payload: { a: 1 } }),
    also: [503],
  },
  listNodes: {
    of: "all",
    input: () => ({}),
    check: ({ body }, caller) =>
      body.length > 0 && body.every((one: object) => "revision" in one === isWhole(caller))
        ? null
        : "Whole nodes for those who may see them, summaries for the others",
  },
  getNode: node(),
  registerNode: all(newNode),
  listNodesAsAdmin: all(),
  createNode: all(newNode),
  registerNodeAsAdmin: all(newNode),
  updateNode: node({ name: "Another name" }),
  deleteNode: node(),
  activateNode: { ...node(), inactive: true },
  deactivateNode: node(),
  drainNode: node(),
  disableNode: node(),
  getNodeTransitions: node(),
  getNodeStatus: node(),
  checkNode: node(),
  getEdgeMetrics: { of: "node", input: (_, edge_id) => ({ edge_id }) },
  discoverNode: all(({ origin }) => ({ endpoint: `${origin}/${unique()}`, name: "found" })),
  discoverNodes: all(({ origin }) => ({ endpoints: [`${origin}/${unique()}`] })),
  scanNetwork: all(({ port }) => ({ network: "127.0.0.1/32", ports: String(port) })),
  listRequests: all(),
  exportRequests: all(),
  getRequest: all(async ({ world }) => {
    const recorded = describeRequest({ created_at: world.now() });
    await Requests.record(world, recorded);
    return { id: recorded.id };
  }),
  analyticsSummary: all(),
  analyticsClients: all(),
  analyticsNodes: all(),
  analyticsErrors: all(),
  analyticsHeatmap: all(),
  analyticsTimeseries: all(),
  analyticsGaps: all(),
  getDashboardMetrics: all(),
  createTicket: all(),
  registerUser: all(() => ({ email: `${unique()}@example.com`, password: PASSWORD })),
  login: all(({ user }) => ({ email: user.email, password: PASSWORD })),
  refresh: all(async ({ world, user }) => ({ refresh_token: (await logIn(world, user)).refresh_token })),
  logout: {
    ...all(async ({ world, user }) => ({ refresh_token: (await logIn(world, user)).refresh_token })),
    logsOut: true,
  },
  getProfile: {
    of: "own",
    input: () => ({}),
    check: ({ body }, { kind }, stage) =>
      body.id === stage[kind as "user" | "admin"].id ? null : "The caller's own account",
  },
  updateProfile: {
    of: "own",
    input: () => ({ full_name: unique() }),
    check: ({ body }, { kind }, stage) =>
      body.id === stage[kind as "user" | "admin"].id ? null : "The caller's own account",
  },
  listSessions: {
    of: "own",
    input: () => ({}),
    check: ({ text }, { kind }, { user, admin, other }) => {
      const own = sessionOf(kind === "user" ? user.token : admin.token);
      const another = sessionOf(kind === "user" ? admin.token : user.token);
      return text.includes(own) && !text.includes(another) && !text.includes(sessionOf(other.token))
        ? null
        : "The caller's own sessions";
    },
  },
  endSession: { of: "user", input: () => ({}) },
  getSigningKeys: {
    ...all(),
    check: ({ body }) =>
      body.keys.every((key: object) => !("d" in key || "sealed" in key)) ? null : "Public parts alone",
  },
  createKey: all(() => ({ name: unique(), scopes: ["route"] })),
  listKeys: all(),
  deleteKey: all(async ({ world }) => ({
    id: (await Keys.createKey(adminCtx(world), { name: unique(), scopes: ["route"] })).id,
  })),
  createJoinToken: all(() => ({ uses: 1 })),
  listJoinTokens: all(),
  deleteJoinToken: all(async ({ world }) => ({
    id: (await Keys.createJoinToken(adminCtx(world), {})).id,
  })),
  rotateNodeKey: node(),
  listNodeKeys: node(),
  revokeNodeKeys: node(),
  listAudit: all(),
  exportAudit: all(),
  listWebhooks: all(),
  createWebhook: all(({ origin }) => ({ url: `${origin}/process`, types: ["*"] })),
  getWebhook: all(async (stage) => ({ id: await anotherWebhook(stage) })),
  updateWebhook: all(async (stage) => ({ id: await anotherWebhook(stage), active: false })),
  deleteWebhook: all(async (stage) => ({ id: await anotherWebhook(stage) })),
  rotateWebhookSecret: all(async (stage) => ({ id: await anotherWebhook(stage) })),
  testWebhook: all(async (stage) => ({ id: await anotherWebhook(stage) })),
  getService: all(),
  getHealth: all(),
  getHealthV1: all(),
  getOpenApi: all(),
  getDocs: all(),
};

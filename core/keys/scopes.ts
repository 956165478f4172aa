/** What a service key may be allowed, each with what it opens. The endpoint list names them; there are no others. */
export const SCOPES = {
  "nodes:read": "Whole nodes, their ledgers, profiles and statistics",
  "nodes:write": "Making, changing, operating, discovering and deleting nodes and profiles",
  route: "Routing and forwarding on behalf of clients",
  "requests:read": "Routing requests, their export and analytics",
  "metrics:read": "Metrics, the dashboard's figures and load",
  "events:read": "The event stream",
  "decorations:write": "Making, changing, deleting and syncing decorations",
  "deployments:read": "Deployments and their placements",
  "deployments:write": "Making, changing and deleting deployments",
  "cluster:read": "Assignments, the leader and the balance of the cluster",
  "cluster:write": "Assigning agents, promoting a leader, choosing a balance",
  "devices:read": "Devices and where they are",
  "sync:read": "What was synced to which edge",
  "sync:write": "Ordering a sync",
} as const;

export type Scope = keyof typeof SCOPES;
export const SCOPE_NAMES = Object.keys(SCOPES) as [Scope, ...Scope[]];

export function isScope(word: string): word is Scope {
  return Object.hasOwn(SCOPES, word);
}

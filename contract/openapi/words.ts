/** What a field of this name means wherever it stands, and a value to show it by. */
export interface Word {
  readonly description: string;
  readonly example?: unknown;
}

/** Position, size and labels of a node, and what an answer tells of it: described once, since every family shares the one record. */
export const WORDS: Readonly<Record<string, Word>> = {
  id: { description: "Chosen by whoever made it, or a UUIDv7.", example: "zurich-1" },
  node_id: { description: "The node's id.", example: "zurich-1" },
  client_id: {
    description: "Who the client said it is: `client_id`, else `id`, of its `client_info`.",
    example: "client-7",
  },
  cell: { description: "A geohash, 1 to 9 characters: everything in that cell.", example: "u0qj" },
  q: {
    description: "A JSON object that the request, the response or the metadata contains.",
    example: '{"payload":{"user":"ada"}}',
  },
  format: { description: "Of the file.", example: "json" },
  name: { description: "What people call it.", example: "Zürich 1" },
  hostname: { description: "The machine's own name.", example: "zurich-1" },
  ip: { description: "IPv4 or IPv6 address.", example: "203.0.113.10" },
  endpoint: {
    description: "Where the node is called: http or https, without credentials, query or fragment.",
    example: "https://zurich-1.edge.example.com",
  },
  websocket_url: { description: "ws or wss URL.", example: "wss://zurich-1.edge.example.com/ws" },
  health_check_url: {
    description: "Where it is probed; `endpoint` + `/health` unless it is named.",
    example: "https://zurich-1.edge.example.com/health",
  },
  location: {
    description:
      "Position in degrees (WGS 84); flat `lat` and `lng`, or `location_x` and `location_y`, say the same.",
    example: { lat: 47.3769, lng: 8.5417 },
  },
  coordinates: {
    description: "Where the client is, in degrees (WGS 84); or use flat `lat` and `lng`.",
    example: { lat: 47.37, lng: 8.54 },
  },
  lat: { description: "Latitude in degrees, north positive.", example: 47.3769 },
  lng: { description: "Longitude in degrees, east positive.", example: 8.5417 },
  x: { description: "Longitude in degrees.", example: 8.5417 },
  y: { description: "Latitude in degrees.", example: 47.3769 },
  location_x: { description: "The same as `lng`.", example: 8.5417 },
  location_y: { description: "The same as `lat`.", example: 47.3769 },
  geohash: { description: "Of the position, nine characters.", example: "u0qj8z4kd" },
  service_radius_km: {
    description: "How far it serves, in kilometres; null is without limit.",
    example: null,
  },
  capacity: { description: "Connections that it takes at once.", example: 100 },
  max_connections: { description: "The same as `capacity`.", example: 100 },
  max_agents: { description: "The same as `capacity`.", example: 100 },
  role: { description: "One word for what it is there for.", example: "edge" },
  label: { description: "A label it bears; named several times, it bears all of them.", example: "gpu" },
  labels: { description: "Words to choose it by.", example: ["gpu"] },
  services: { description: "What it offers.", example: ["render"] },
  provider: { description: "Whose machine it is.", example: "own" },
  region: { description: "The provider's region, or your own word.", example: "eu-central" },
  capabilities: {
    description: "What it is made of; further keys are kept.",
    example: { cpu_cores: 8, memory_gb: 32 },
  },
  metadata: { description: "Any JSON object, kept as it is.", example: {} },
  version: { description: "Of its software.", example: "1.4.2" },
  status: { description: "Its state in one word.", example: "healthy" },
  desired_state: { description: "What the operator wants.", example: "active" },
  health: { description: "What was observed.", example: "healthy" },
  consecutive_failures: { description: "Failures in a row.", example: 0 },
  cpu_usage: { description: "Percent, 0–100.", example: 21.5 },
  memory_usage: { description: "Percent, 0–100.", example: 40 },
  revision: { description: "Counts its changes; the entity's ETag.", example: 3 },
  message: { description: "What was done, in a sentence.", example: "The node is active." },
  service: { description: "Its name.", example: "arx" },
  links: { description: "Where to go on.", example: { docs: "/docs" } },
  timestamp: { description: "The time of this answer.", example: "2026-01-01T12:00:00.000Z" },
  uptime_seconds: { description: "Since this process began.", example: 86400 },
  port: { description: "Where it listens.", example: 443 },
  from: { description: "The status before; null when the node was made.", example: "active" },
  to: { description: "The status after, or `deleted`.", example: "healthy" },
  by: { description: "Who changed it.", example: "admin:key" },
  evidence: { description: "What it was changed on.", example: "One good probe" },
  error: { description: "Why not, in a sentence.", example: "It is already known as zurich-1." },
  discovered: { description: "How many are new nodes now.", example: 1 },
  failed: { description: "How many are not.", example: 1 },
  scanned: { description: "Targets (address and port) that were looked at.", example: 32 },
  known: { description: "How many of them were nodes already.", example: 0 },
  remaining: { description: "Targets that time ran out for.", example: 0 },
  next: { description: "The `offset` to ask for those with; null when none remain.", example: null },
  edge_id: { description: "The node's id.", example: "zurich-1" },
  bucket_s: { description: "Seconds that one point stands for." },
  node_key: { description: "The node's own key. It is shown this once.", example: "arx_node_…" },
  has_credentials: { description: "Whether credentials are stored; they are never shown.", example: false },
  limit: { description: "How many at most.", example: 100 },
  cursor: { description: "Where the next page begins, from the `Link` header of the one before." },
  near: { description: "`lat,lng` in degrees: nearest first.", example: "47.37,8.54" },
  since: { description: "From this instant on: ISO 8601, or a date (UTC).", example: "2026-01-01T00:00:00Z" },
  until: { description: "Up to this instant.", example: "2026-01-02T00:00:00Z" },
  deadline_s: {
    description: "Seconds after which it becomes inactive, whatever it still serves.",
    example: 300,
  },
  auto_start: { description: "Whether it is active at once.", example: true },
  endpoints: {
    description: "Addresses to look at, each once.",
    example: ["https://zurich-1.edge.example.com", "https://lisbon-1.edge.example.com:8443"],
  },
  network: { description: "An IPv4 network, /22 or smaller.", example: "203.0.113.0/28" },
  ports: { description: "Ports and ranges, at most 16 ports.", example: "80,8080" },
  offset: { description: "The `next` of the scan before.", example: 0 },
  request_id: { description: "The caller's own id of the request.", example: "r-1" },
  priority: { description: "Kept with the request.", example: "normal" },
  payload: { description: "What to forward to the node; any JSON." },
  headers: { description: "Passed on to the node with the payload.", example: {} },
  client_info: { description: "About the client; kept with the request.", example: {} },
  k: { description: "How many nearest nodes to choose among." },
  strategy: { description: "How to choose among them.", example: "nearest-least-loaded" },
  max_distance_km: { description: "No node beyond this serves." },
  require: { description: "What the node must be: all of it." },
  forward: { description: "Whether to forward; by default when there is a payload." },
  explain: { description: "Tell of every node that was looked at.", example: false },
  dry_run: { description: "Answer without recording or forwarding.", example: false },
  distance: { description: "Great-circle kilometres.", example: 1.2 },
  distance_km: { description: "Great-circle kilometres.", example: 1.2 },
  bucket: { description: "What a point stands for.", example: "hour" },
  precision: { description: "Characters of the geohash that make a cell.", example: 4 },
  requests: { description: "How many.", example: 1200 },
  rejected: { description: "Refused, since no node qualified.", example: 12 },
  error_rate: { description: "Percent that failed or were rejected.", example: 1.5 },
  response_time_ms: { description: "Milliseconds." },
  load_score: { description: "0 idle – 1 full.", example: 0.18 },
  url: {
    description: "Its address.",
    example: "https://hooks.example.com/arx",
  },
  types: { description: "Types of events; `*` alone is all.", example: ["node_registered"] },
  cells: {
    description: "Cells of the geohash; of a webhook null, or left out, is everywhere.",
    example: ["u0q"],
  },
  description: { description: "In your own words.", example: "Tells the operators" },
  active: { description: "Whether events are delivered.", example: true },
  disabled_reason: { description: "Why it was switched off, where nobody asked for that.", example: null },
  secret: { description: "What its deliveries are signed with. It is shown this once.", example: "whsec_…" },
  overlap_s: { description: "Seconds that the secrets before it go on signing.", example: 86_400 },
  previous_secrets_until: { description: "Until when secrets before the newest sign too.", example: null },
  deliveries: { description: "How deliveries go; at most a minute old." },
  last_failure: {
    description: "Why the last failure was one.",
    example: "The receiver answered with status 500.",
  },
  failing_since: { description: "The first failure since the last success.", example: null },
  delivered: { description: "Whether the receiver answered 2xx.", example: true },
  event_id: { description: "The `webhook-id` that it was sent with." },
  receiver_status: {
    description: "The HTTP status of the receiver's answer; null when there was none.",
    example: 200,
  },
  receiver_answer: { description: "The receiver's answer, the first 1024 bytes as text.", example: "ok" },
  score: { description: "What the strategy ordered by; the lowest goes first.", example: 0.18 },
};

/** The families of paths, in the order in which the document shows them. */
export const TAGS: readonly {
  readonly name: string;
  readonly of: readonly string[];
  readonly description: string;
}[] = [
  { name: "Routing", of: ["route"], description: "Where a client is sent." },
  {
    name: "Nodes",
    of: ["nodes"],
    description: "The fleet: who there is, and what the operator wants of each.",
  },
  { name: "Discovery", of: ["discovery"], description: "Finding nodes that did not register themselves." },
  { name: "Requests", of: ["requests"], description: "What was routed, on record." },
  { name: "Analytics", of: ["analytics", "dashboard"], description: "Counts of what was routed." },
  { name: "Metrics", of: ["metrics"], description: "Load over time." },
  { name: "Realtime", of: ["ws-tickets"], description: "Events as they happen, over a WebSocket." },
  { name: "Webhooks", of: ["webhooks"], description: "Events posted to addresses of yours, signed." },
  { name: "Service", of: ["", "health", "docs", "openapi.json"], description: "Arx itself." },
];

/** The family of a path: its first segment after `/api/v1`. */
export function tagOf(path: string): string {
  const [first = ""] = path.replace(/^(\/admin)?(\/api(\/v\d+)?)?\//, "").split("/");
  const known = TAGS.find(({ of }) => of.includes(first));
  return known?.name ?? `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
}

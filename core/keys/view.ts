import { iso } from "../id.ts";
import type { JoinToken, NodeKey, ServiceKey } from "./record.ts";
import type { JoinTokenView, KeyView, NodeKeyView } from "./schema.ts";

const time = (ms: number | undefined) => (ms === undefined ? null : iso(ms));

/** Everything but the hash. */
export function keyViewOf(key: ServiceKey): KeyView {
  return {
    id: key.id,
    name: key.name,
    scopes: [...key.scopes],
    created_at: iso(key.created_at),
    created_by: key.created_by,
    expires_at: time(key.expires_at),
    last_used_at: time(key.last_used_at),
  };
}

export function joinTokenViewOf(token: JoinToken): JoinTokenView {
  return {
    id: token.id,
    name: token.name ?? null,
    uses: token.uses,
    uses_left: token.uses_left,
    role: token.preset.role ?? null,
    labels: [...(token.preset.labels ?? [])],
    region: token.preset.region ?? null,
    created_at: iso(token.created_at),
    created_by: token.created_by,
    expires_at: iso(token.expires_at),
    last_used_at: time(token.last_used_at),
  };
}

export function nodeKeyViewOf(nodeId: string, id: string, key: NodeKey): NodeKeyView {
  return {
    id,
    node_id: nodeId,
    created_at: iso(key.created_at),
    expires_at: time(key.expires_at),
    last_used_at: time(key.last_used_at),
  };
}

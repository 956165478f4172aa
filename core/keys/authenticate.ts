import { createHash } from "node:crypto";
import { memoryOf, type World } from "../ctx.ts";
import type { Item } from "../store/index.ts";
import { type Credential, type Kind, NO_HASH, parseCredential, sameHash } from "./credential.ts";
import { getCredential, joinTokenOf, markUsed, nodeKeysOf, serviceKeyOf } from "./items.ts";
import type { Preset } from "./record.ts";
import { isLive } from "./rotation.ts";
import type { Scope } from "./scopes.ts";

/** Who a credential says it is, once that was verified. Times are milliseconds since the epoch. */
export type Identity =
  | {
      readonly kind: "service";
      readonly id: string;
      readonly name: string;
      readonly scopes: readonly Scope[];
      readonly expires_at?: number | undefined;
    }
  | {
      readonly kind: "node";
      /** The node's own id. */
      readonly id: string;
      readonly key_id: string;
      readonly expires_at?: number | undefined;
    }
  | {
      readonly kind: "machine";
      /** The join token's id. */
      readonly id: string;
      readonly preset: Preset;
      readonly expires_at: number;
    };

/** How long a process trusts what it read: with what a call takes, a revocation holds within five seconds. */
const TRUSTED_MS = 4000;
const NOTED_MS = 60_000;
const REMEMBERED = 2000;
const KEY = Symbol("credentials");

interface Memory {
  /** By a digest of the credential, never the credential itself. */
  readonly known: Map<string, { readonly identity: Identity; readonly until: number }>;
  /** When the last use of each key was noted. */
  readonly noted: Map<string, number>;
}

/**
 * Who a credential of ours is; null for one that is mistyped, unknown, revoked or expired. Malformed ones are told without a read, known ones
 * read once in four seconds. Its last use is noted, at most once a minute for a process and key.
 */
export async function authenticate(world: World, text: string): Promise<Identity | null> {
  const credential = parseCredential(text);
  if (!credential) return null;
  const memory = memoryOf(world, KEY, (): Memory => ({ known: new Map(), noted: new Map() }));
  const digest = createHash("sha256").update(text).digest("base64url");
  const held = memory.known.get(digest);
  if (held && held.until > world.now()) return isLive(held.identity, world.now()) ? held.identity : null;
  const asked = world.now();
  const identity = verified(
    credential,
    await getCredential(world.store, credential.kind, credential.id),
    asked,
  );
  if (!identity) {
    memory.known.delete(digest);
    return null;
  }
  remember(memory.known, digest, { identity, until: asked + TRUSTED_MS });
  await noteUse(world, memory, credential.kind, identity);
  return identity;
}

/** Whether a service key is there and in force at this very moment, whatever this process knew. */
export async function isServiceKeyLive(world: World, id: string): Promise<boolean> {
  const item = await getCredential(world.store, "key", id);
  return item !== null && isLive(serviceKeyOf(item), world.now());
}

function verified(credential: Credential, item: Item | null, now: number): Identity | null {
  const found = item && IDENTITY[credential.kind](item, credential);
  if (!found) {
    // A miss compares as a hit does, so that the time it takes tells nothing.
    sameHash(credential.hash, NO_HASH);
    return null;
  }
  return isLive(found, now) ? found : null;
}

const IDENTITY: Readonly<Record<Kind, (item: Item, given: Credential) => Identity | null>> = {
  key(item, given) {
    const { hash, id, name, scopes, expires_at } = serviceKeyOf(item);
    return sameHash(given.hash, hash) ? { kind: "service", id, name, scopes, expires_at } : null;
  },
  node(item, given) {
    const { node_id, keys } = nodeKeysOf(item);
    let found: Identity | null = null;
    for (const [key_id, { hash, expires_at }] of Object.entries(keys)) {
      if (sameHash(given.hash, hash)) found = { kind: "node", id: node_id, key_id, expires_at };
    }
    return found;
  },
  join(item, given) {
    const { hash, id, preset, expires_at } = joinTokenOf(item);
    return sameHash(given.hash, hash) ? { kind: "machine", id, preset, expires_at } : null;
  },
};

/** Beside the call that it happens in: where it fails, the key is none the less good. */
async function noteUse(world: World, memory: Memory, kind: Kind, identity: Identity): Promise<void> {
  // A join token's uses say when it was last used.
  if (identity.kind === "machine") return;
  const keyId = identity.kind === "node" ? identity.key_id : undefined;
  const name = `${identity.kind} ${identity.id} ${keyId ?? ""}`;
  const now = world.now();
  if (now - (memory.noted.get(name) ?? Number.NEGATIVE_INFINITY) < NOTED_MS) return;
  remember(memory.noted, name, now);
  try {
    await markUsed(world.store, kind, identity.id, keyId, now);
  } catch (error) {
    world.log.warn("The last use of a key could not be noted", { key: name, error: String(error) });
  }
}

/** Sets an entry; the oldest goes when there are too many. */
function remember<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name);
  map.set(name, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!);
}

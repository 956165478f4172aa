import type { CryptoKey } from "jose";
import { importJWK } from "jose/key/import";
import { memoryOf, type World } from "../ctx.ts";
import { getRing } from "./items.ts";
import { RING_FRESH_MS, type Ring, type SigningKey, verifiersAt } from "./ring.ts";

export const ALGORITHM = "EdDSA";

/** A token of a key that nobody knows makes a process read the ring again, at most once in so many milliseconds. */
const RELOAD_MS = 5000;

const MEMORY = Symbol("signing keys");

interface Held {
  ring: Ring | null;
  /** When the read began that gave `ring`, in ms. */
  readAt: number;
  reading: Promise<Ring | null> | undefined;
  readonly publicKeys: Map<string, Promise<CryptoKey>>;
}

function heldBy(world: World): Held {
  return memoryOf(world, MEMORY, () => ({
    ring: null,
    readAt: Number.NEGATIVE_INFINITY,
    reading: undefined,
    publicKeys: new Map(),
  }));
}

/** The ring, at most a minute old; null before the first key, which is looked for each time. */
export async function ringOf(world: World): Promise<Ring | null> {
  const held = heldBy(world);
  return held.ring && world.now() - held.readAt < RING_FRESH_MS ? held.ring : readRing(world);
}

/** The ring as the store has it now; callers at one time share one read. */
export function readRing(world: World): Promise<Ring | null> {
  const held = heldBy(world);
  held.reading ??= read(world, held).finally(() => {
    held.reading = undefined;
  });
  return held.reading;
}

async function read(world: World, held: Held): Promise<Ring | null> {
  const readAt = world.now();
  const ring = await getRing(world.store);
  remember(held, ring, readAt);
  return ring;
}

/** Takes a ring that was just written for the newest. */
export function holdRing(world: World, ring: Ring): void {
  remember(heldBy(world), ring, world.now());
}

function remember(held: Held, ring: Ring | null, readAt: number): void {
  if (ring && held.ring && ring.revision < held.ring.revision) return;
  held.ring = ring;
  held.readAt = readAt;
  const kids = new Set(ring?.keys.map(({ kid }) => kid));
  for (const kid of held.publicKeys.keys()) if (!kids.has(kid)) held.publicKeys.delete(kid);
}

/** The public key of this id whose tokens are good now, or null. An id that is not known is looked for once in a while. */
export async function verificationKey(world: World, kid: string): Promise<CryptoKey | null> {
  const held = heldBy(world);
  let key = named(await ringOf(world), kid, world.now());
  if (!key && world.now() - held.readAt >= RELOAD_MS) key = named(await readRing(world), kid, world.now());
  if (!key) return null;
  let imported = held.publicKeys.get(kid);
  if (!imported) {
    imported = importJWK({ ...key.public }, ALGORITHM);
    held.publicKeys.set(kid, imported);
  }
  return imported;
}

function named(ring: Ring | null, kid: string, now: number): SigningKey | undefined {
  return ring ? verifiersAt(ring, now).find((key) => key.kid === kid) : undefined;
}

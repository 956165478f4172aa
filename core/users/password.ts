import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { memoryOf, type World } from "../ctx.ts";
import { openGate } from "./gate.ts";
import { type Argon2Hash, type Argon2Parameters, formatPhc, parsePhc } from "./phc.ts";

const derive = promisify(argon2);

/** OWASP's least for Argon2id. Raise them, and each hash is made anew when its owner next logs in. */
export const PARAMETERS: Argon2Parameters = { memory: 19_456, passes: 2, parallelism: 1 };

const SALT_BYTES = 16;
const TAG_BYTES = 32;

/** Hashes at one time in a process: they hold Node's four threads, which name resolution needs too, and 19 MiB each. */
const SLOTS = 2;
const PLACES = 256;
const GATE = Symbol("password hashing");

/** What nobody's password gives, at the price of a real one: verified when there is no such account. */
const NOBODYS = formatPhc({
  ...PARAMETERS,
  salt: Buffer.alloc(SALT_BYTES),
  tag: Buffer.alloc(TAG_BYTES),
});

const BCRYPT = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
/** bcrypt reads no more of a password. */
const BCRYPT_BYTES = 72;

/** Whether a hash is one that `verifyPassword` can verify. */
export function isPasswordHash(hash: string): boolean {
  return parsePhc(hash) !== null || BCRYPT.test(hash);
}

/** The hash of a password, with its parameters in it. @throws LimitExceeded when too many are being made. */
export function hashPassword(world: World, password: string): Promise<string> {
  return gateOf(world).pass(async () => {
    const salt = randomBytes(SALT_BYTES);
    return formatPhc({
      ...PARAMETERS,
      salt,
      tag: await tagOf(password, { ...PARAMETERS, salt }, TAG_BYTES),
    });
  });
}

/** What comparing a password with a hash gave; `weak` when the hash should be made anew of this very password. */
export interface Verdict {
  readonly matches: boolean;
  readonly weak: boolean;
}

/**
 * Whether a password is the one of a hash; of nobody's, at the same price, when there is none.
 *
 * @throws LimitExceeded when too many are being verified.
 */
export function verifyPassword(world: World, password: string, hash: string | undefined): Promise<Verdict> {
  return gateOf(world).pass(async () => {
    if (hash !== undefined && BCRYPT.test(hash)) return verifyBcrypt(password, hash);
    const known = parsePhc(hash ?? NOBODYS);
    if (!known) throw new Error("The stored password hash is of no known form");
    const tag = await tagOf(password, known, known.tag.length);
    const matches = timingSafeEqual(tag, known.tag) && hash !== undefined;
    return { matches, weak: matches && isWeak(known) };
  });
}

async function verifyBcrypt(password: string, hash: string): Promise<Verdict> {
  const { compare } = await import("bcryptjs");
  const matches = await compare(password, hash);
  // What is typed after the 72nd byte was not compared, so it may be a slip, and must not become the password.
  return { matches, weak: matches && Buffer.byteLength(password) <= BCRYPT_BYTES };
}

function isWeak({ memory, passes, salt, tag }: Argon2Hash): boolean {
  return (
    memory < PARAMETERS.memory ||
    passes < PARAMETERS.passes ||
    salt.length < SALT_BYTES ||
    tag.length < TAG_BYTES
  );
}

/** One password has several spellings in Unicode, and which one is typed depends on the keyboard: NFC, as RFC 8265 has it. */
function tagOf(
  password: string,
  { memory, passes, parallelism, salt }: Argon2Parameters & { readonly salt: Buffer },
  tagLength: number,
): Promise<Buffer> {
  const message = Buffer.from(password.normalize("NFC"));
  return derive("argon2id", { message, nonce: salt, memory, passes, parallelism, tagLength });
}

function gateOf(world: World) {
  return memoryOf(world, GATE, () => openGate(SLOTS, PLACES));
}

/** What an Argon2id hash was made with: KiB of memory, passes, lanes. */
export interface Argon2Parameters {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

export interface Argon2Hash extends Argon2Parameters {
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** Version 1.3 of Argon2, the only one that Node makes. */
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** A hash in the PHC string format, which carries its parameters. */
export function formatPhc({ memory, passes, parallelism, salt, tag }: Argon2Hash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${bare(salt)}$${bare(tag)}`;
}

/** The hash of a PHC string of Argon2id; null for anything else, and for one that would cost more than 1 GiB. */
export function parsePhc(text: string): Argon2Hash | null {
  const [, m, t, p, salt, tag] = PHC.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return null;
  const [memory, passes, parallelism] = [Number(m), Number(t), Number(p)];
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism || memory > 1_048_576) return null;
  return {
    memory,
    passes,
    parallelism,
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

/** Base64 without padding, as the format has it. */
function bare(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from "@aws-crypto/client-node";
import type { Sealer } from "../../core/sealing/index.ts";
import { sealerOver } from "../../functions/sealing.ts";
import { CannotStart } from "./cannot-start.ts";

const KEY_BYTES = 32;

/** A sealer whose wrapping key is `key` (32 bytes), for what runs without KMS. */
export function openLocalSealer(key: Uint8Array): Sealer {
  // The library wants the key's memory to be its own, not a part of Node's pool.
  const unencryptedMasterKey = new Uint8Array(key);
  return sealerOver(
    new RawAesKeyringNode({
      keyNamespace: "arx",
      keyName: "local",
      unencryptedMasterKey,
      wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
    }),
  );
}

/** A wrapping key for a run that keeps nothing: what it seals nobody opens after it. */
export function newSealingKey(): Uint8Array {
  return randomBytes(KEY_BYTES);
}

/**
 * The wrapping key of a data directory: made once, then kept where only the user may read it.
 *
 * @throws CannotStart when the file holds something else: another key could not open what this one sealed.
 */
export function keptSealingKey(directory: string): Uint8Array {
  const file = join(directory, "sealing-key");
  const kept = readIfThere(file);
  if (kept === undefined) return writeKey(file, newSealingKey());
  const key = Buffer.from(kept.trim(), "base64");
  if (key.length === KEY_BYTES && key.toString("base64") === kept.trim()) return key;
  throw new CannotStart(
    `${file} does not hold a sealing key. Put the right one back, or remove the file: credentials of nodes that are sealed then stay so.`,
  );
}

/** Written beside and moved into place, so that a run that is cut off leaves no half of a key. */
function writeKey(file: string, key: Uint8Array): Uint8Array {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${Buffer.from(key).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  renameSync(draft, file);
  return key;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

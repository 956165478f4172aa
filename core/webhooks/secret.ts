import { randomBytes } from "node:crypto";
import type { Secret, WebhookRecord } from "./record.ts";

const BYTES = 32;
/** Secrets that sign at a time; a rotation beyond that ends the oldest. */
const MOST = 4;

/** A new secret in the form of Standard Webhooks. */
export function newSecret(): Secret {
  return { value: `whsec_${randomBytes(BYTES).toString("base64")}`, valid_until: null };
}

/** The secrets after a rotation: a new one, and those before it until then at the latest (SPEC W8). */
export function rotated(secrets: readonly Secret[], now: number, overlapMs: number): readonly Secret[] {
  const ends = now + overlapMs;
  const before = secrets.map(({ value, valid_until }) => ({
    value,
    valid_until: valid_until === null ? ends : Math.min(valid_until, ends),
  }));
  return [newSecret(), ...before.filter(({ valid_until }) => valid_until > now)].slice(0, MOST);
}

/** The values that sign at this moment, the newest first. Signing reads secrets here and nowhere else. */
export function secretsInForce({ secrets }: Pick<WebhookRecord, "secrets">, now: number): readonly string[] {
  return secrets
    .filter(({ valid_until }) => valid_until === null || valid_until > now)
    .map(({ value }) => value);
}

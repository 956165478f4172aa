import { domainToASCII } from "node:url";

/** RFC 5321: octets of an address, and of what is before its @. */
const MAX_BYTES = 254;
const MAX_LOCAL_BYTES = 64;

const LOCAL = /^[^\s@"(),:;<>[\]\\\p{C}]+$/u;
const DOMAIN = /^[\p{L}\p{N}\p{M}.-]+$/u;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * An email address in the one spelling under which it is kept and looked for: NFKC, without blanks around it, in lower case, an
 * international domain in its ASCII form. Quoted local parts, address literals and hosts without a dot (but localhost) are not taken.
 *
 * @returns null for what is no address.
 */
export function normaliseEmail(given: string): string | null {
  if (given.length > 4 * MAX_BYTES) return null;
  // Lower case can be made of parts again (U+0130), so it is composed once more.
  const spelt = given.normalize("NFKC").trim().toLowerCase().normalize("NFKC");
  const [local, domain, ...rest] = spelt.split("@");
  if (!local || !domain || rest.length > 0 || !isLocal(local) || !DOMAIN.test(domain)) return null;
  const host = domainToASCII(domain);
  if (!isHost(host)) return null;
  const email = `${local}@${host}`;
  return Buffer.byteLength(email) <= MAX_BYTES ? email : null;
}

function isLocal(local: string): boolean {
  return (
    LOCAL.test(local) &&
    Buffer.byteLength(local) <= MAX_LOCAL_BYTES &&
    local.split(".").every((part) => part !== "")
  );
}

function isHost(host: string): boolean {
  const labels = host.split(".");
  if (host === "localhost") return true;
  // A last label of digits alone is an address, and no name.
  return labels.length > 1 && labels.every((label) => LABEL.test(label)) && /[a-z]/.test(labels.at(-1)!);
}

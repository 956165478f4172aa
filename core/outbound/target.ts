import { isIP } from "node:net";
import { mayDial } from "./addresses.ts";
import { OutboundError } from "./errors.ts";
import type { OutboundPolicy } from "./policy.ts";

/** A URL that passed every check that needs no name resolution. */
export interface Target {
  readonly secure: boolean;
  /** A name or a literal address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** `host[:port]` as it may be shown in messages. */
  readonly label: string;
}

const MAX_URL_LENGTH = 4096;

/**
 * Reads a URL into a target.
 *
 * @throws OutboundError `bad_url` for what is not a plain http(s) URL, `blocked` for a literal address (in any spelling: the
 * URL parser turns 0x7f.1, 017700000001 and the like into dotted form) or a localhost name that may not be dialled.
 */
export function readTarget(text: string, policy: OutboundPolicy): Target {
  const url = text.length <= MAX_URL_LENGTH ? URL.parse(text) : null;
  if (url === null) throw new OutboundError("bad_url", "The address is not a valid URL.");
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:") {
    throw new OutboundError("bad_url", "The address must start with http:// or https://.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new OutboundError("bad_url", "The address must not contain a user name or password.");
  }
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  if (port === 0) throw new OutboundError("bad_url", "The address names port 0, which cannot be dialled.");
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  // Without loopback, localhost (RFC 6761) is as good as its literal: refused before anything is asked of DNS.
  const refused = isIP(host) ? !mayDial(host, port, policy) : isLocalhost(host) && !policy.allowLoopback;
  if (refused) throw blocked(url.host);
  return { secure, host, port, path: url.pathname + url.search, label: url.host };
}

/**
 * The cheap check for the moment a URL is registered: scheme, credentials, port and literal addresses; no DNS, so a name may
 * still turn out blocked when it is dialled.
 *
 * @returns what is wrong (`bad_url` or `blocked`), or null.
 */
export function checkTarget(url: string, policy: OutboundPolicy): OutboundError | null {
  try {
    readTarget(url, policy);
    return null;
  } catch (error) {
    if (error instanceof OutboundError) return error;
    throw error;
  }
}

/** The refusal for a target, by what its owner called it: what a name resolved to stays untold. */
export function blocked(label: string): OutboundError {
  return new OutboundError("blocked", `${label} is not a public address that may be contacted.`);
}

function isLocalhost(host: string): boolean {
  return /^(.+\.)?localhost\.?$/.test(host);
}

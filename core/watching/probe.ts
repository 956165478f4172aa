import type { World } from "../ctx.ts";
import { OutboundError, type OutboundErrorKind } from "../outbound/index.ts";
import { type Load, readHealth } from "./answer.ts";

/** The largest `/health` that is read, in bytes. */
const MOST_BYTES = 64 * 1024;
const MOST_DETAIL = 240;

/** Why a probe passed or failed. */
export interface Evidence {
  /** `answer`: a good one · `status`: not 200 · `body`: no sense in it · else the connection's failure. */
  readonly kind: "answer" | "status" | "body" | OutboundErrorKind;
  /** Of HTTP, when there was an answer. */
  readonly status?: number;
  readonly duration_ms: number;
  /** One sentence of bounded length. */
  readonly detail: string;
}

export type ProbeResult =
  | {
      readonly pass: true;
      readonly health: "healthy" | "degraded";
      readonly load: Load;
      readonly evidence: Evidence;
    }
  | { readonly pass: false; readonly evidence: Evidence };

/** Asks a node for its health (SPEC H7). Whatever the node does is a result: this never throws and is bounded in time and bytes. */
export async function probe(world: Pick<World, "outbound" | "config">, url: string): Promise<ProbeResult> {
  const started = performance.now();
  const since = () => Math.round(performance.now() - started);
  try {
    const answer = await world.outbound.request({
      url,
      method: "GET",
      headers: { accept: "application/json" },
      timeoutMs: Math.ceil(world.config.HEALTH_TIMEOUT * 1000),
      maxBytes: MOST_BYTES,
    });
    const at = { status: answer.status, duration_ms: Math.round(answer.durationMs) };
    if (answer.status !== 200) {
      return failed({ kind: "status", ...at, detail: `The answer has status ${answer.status}, not 200.` });
    }
    const said = readHealth(answer.body);
    if (typeof said === "string") return failed({ kind: "body", ...at, detail: said });
    const detail = `The node says that it is ${said.health}.`;
    return { pass: true, health: said.health, load: said.load, evidence: { kind: "answer", ...at, detail } };
  } catch (error) {
    const known = error instanceof OutboundError;
    const detail = known ? error.message : "The probe failed for a reason of the supervisor's own.";
    return failed({ kind: known ? error.kind : "aborted", duration_ms: since(), detail });
  }
}

function failed(evidence: Evidence): ProbeResult {
  return { pass: false, evidence: { ...evidence, detail: evidence.detail.slice(0, MOST_DETAIL) } };
}

import { type Allowance, LimitExceeded } from "../errors.ts";
import type { Policy } from "./policy.ts";

/** What is left after `used` points of a window that ends at `endsAt` (ms since the epoch). */
export function allowanceOf(
  { limit, windowS }: Policy,
  used: number,
  endsAt: number,
  now: number,
): Allowance {
  const resetS = Math.max(1, Math.ceil((endsAt - now) / 1000));
  return { limit, windowS, resetS, remaining: Math.max(0, Math.floor(limit - used)) };
}

export function exceeded(policy: Policy, endsAt: number, now: number): LimitExceeded {
  const allowance = allowanceOf(policy, policy.limit, endsAt, now);
  const unit = allowance.resetS === 1 ? "second" : "seconds";
  return new LimitExceeded(
    `Too many; try again in ${allowance.resetS} ${unit}.`,
    allowance.resetS,
    allowance,
  );
}

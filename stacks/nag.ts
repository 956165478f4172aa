import { NagSuppressions } from "cdk-nag";
import type { IConstruct } from "constructs";

/** Writes down why a construct may break a rule of AwsSolutions; `what` narrows it to single findings of the rule. */
export function except(
  construct: IConstruct,
  rule: string,
  reason: string,
  what: readonly string[] = [],
): void {
  const suppression = {
    id: `AwsSolutions-${rule}`,
    reason,
    ...(what.length > 0 ? { appliesTo: [...what] } : {}),
  };
  NagSuppressions.addResourceSuppressions(construct, [suppression], true);
}

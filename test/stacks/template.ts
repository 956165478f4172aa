import type { Json, Resource, Synthesis } from "./synth.ts";

/** What stands at a path of a resource's properties. */
export function at(resource: Resource, ...path: readonly (string | number)[]): Json {
  return within(resource.Properties, ...path);
}

/** What is inside a value, by its path. */
export function within(whole: Json, ...path: readonly (string | number)[]): Json {
  let value = whole;
  for (const step of path) {
    if (value === null || typeof value !== "object") return undefined;
    value = (value as Readonly<Record<string, Json>>)[step];
  }
  return value;
}

/** What is written as one or a list of them, as a list. */
export function list(value: Json): readonly Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

/** A value as one line: joins joined, and of a reference the logical id it names. */
export function text(value: Json): string {
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map((one: Json) => text(one)).join(",");
  const record = value as Readonly<Record<string, Json>>;
  if (record["Fn::Join"] !== undefined) {
    const [separator, parts] = record["Fn::Join"] as readonly [string, readonly Json[]];
    return parts.map(text).join(separator);
  }
  if (record.Ref !== undefined) return `{${text(record.Ref)}}`;
  if (record["Fn::GetAtt"] !== undefined) return `{${list(record["Fn::GetAtt"]).map(text).join(".")}}`;
  if (record["Fn::ImportValue"] !== undefined) return `{${text(record["Fn::ImportValue"])}}`;
  return JSON.stringify(value);
}

export interface Statement {
  readonly role: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Json;
}

/** Every statement that some role is allowed something by. */
export function statements(synthesis: Synthesis): Statement[] {
  return synthesis.of("AWS::IAM::Policy").flatMap((policy) =>
    list(at(policy, "PolicyDocument", "Statement")).map((statement) => {
      const { Action, Resource, Condition } = statement as Readonly<Record<string, Json>>;
      return {
        role: text(at(policy, "Roles")),
        actions: list(Action).map(text),
        resources: list(Resource).map(text),
        conditions: Condition,
      };
    }),
  );
}

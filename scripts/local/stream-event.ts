import type { AttributeValue, _Record as StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import type { DynamoDBRecord, AttributeValue as LambdaValue } from "aws-lambda";

/** A record as Lambda hands it over: binary in base64, the time in seconds. */
export function lambdaRecord(record: StreamRecord, arn: string): DynamoDBRecord {
  const change = record.dynamodb ?? {};
  const { PrincipalId, Type } = record.userIdentity ?? {};
  return {
    eventID: record.eventID!,
    eventName: record.eventName!,
    eventVersion: record.eventVersion ?? "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "local",
    eventSourceARN: arn,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor((change.ApproximateCreationDateTime?.getTime() ?? 0) / 1000),
      ...image("Keys", change.Keys),
      ...image("NewImage", change.NewImage),
      ...image("OldImage", change.OldImage),
      SequenceNumber: change.SequenceNumber!,
      SizeBytes: change.SizeBytes ?? 0,
      StreamViewType: change.StreamViewType!,
    },
    // Tells an item that TTL took from one that somebody deleted.
    ...(Type ? { userIdentity: { principalId: PrincipalId, type: Type } } : {}),
  };
}

type Image = Record<string, AttributeValue>;

function image<Name extends string>(
  name: Name,
  given: Image | undefined,
): { [K in Name]?: Record<string, LambdaValue> } {
  if (!given) return {};
  return { [name]: asMap(given) } as { [K in Name]?: Record<string, LambdaValue> };
}

function asMap(given: Image): Record<string, LambdaValue> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, asJson(value)]));
}

function asJson(value: AttributeValue): LambdaValue {
  if (value.B) return { B: base64(value.B) };
  if (value.BS) return { BS: value.BS.map(base64) };
  if (value.L) return { L: value.L.map(asJson) };
  if (value.M) return { M: asMap(value.M) };
  return value as LambdaValue;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

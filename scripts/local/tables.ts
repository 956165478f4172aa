import { CreateTableCommand, type DynamoDBClient, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import type { TableSpec } from "../../core/store/index.ts";

/** Creates a table as its spec says, unless it is there. TTL and streams work in DynamoDB Local as they do on AWS. */
export async function createTable(client: DynamoDBClient, spec: TableSpec, name: string): Promise<void> {
  const indexes = spec.indexes ?? [];
  const attributes = new Set([
    spec.partitionKey,
    ...(spec.sortKey ? [spec.sortKey] : []),
    ...indexes.flatMap((index) => [index.partitionKey, index.sortKey]),
  ]);
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [...attributes].map((attribute) => ({
          AttributeName: attribute,
          AttributeType: "S",
        })),
        KeySchema: keySchema(spec.partitionKey, spec.sortKey),
        ...(indexes.length > 0
          ? {
              GlobalSecondaryIndexes: indexes.map((index) => ({
                IndexName: index.name,
                KeySchema: keySchema(index.partitionKey, index.sortKey),
                Projection: { ProjectionType: "ALL" as const },
              })),
            }
          : {}),
        ...(spec.stream
          ? { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" as const } }
          : {}),
      }),
    );
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceInUseException") return;
    throw error;
  }
  if (spec.ttl) {
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: { Enabled: true, AttributeName: spec.ttl },
      }),
    );
  }
}

function keySchema(partitionKey: string, sortKey: string | undefined) {
  return [
    { AttributeName: partitionKey, KeyType: "HASH" as const },
    ...(sortKey ? [{ AttributeName: sortKey, KeyType: "RANGE" as const }] : []),
  ];
}

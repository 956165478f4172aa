import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Config } from "../config.ts";
import type { TableSpec } from "./tables.ts";

export interface Store {
  readonly doc: DynamoDBDocumentClient;
  /** The same client without the document form, for libraries that marshal by themselves. */
  readonly client: DynamoDBClient;
  /** The physical name of a table. */
  readonly table: (spec: TableSpec) => string;
  readonly close: () => void;
}

/**
 * The one place that makes DynamoDB clients. A call is retried by the SDK (standard mode, 4 attempts, jittered); each attempt has 1 s to
 * connect and 2 s to answer, so that a hung store is a clear 503 well within a Lambda's own limit.
 */
export function openStore(config: Config): Store {
  const client = new DynamoDBClient({
    ...(config.DYNAMODB_ENDPOINT
      ? {
          endpoint: config.DYNAMODB_ENDPOINT,
          region: "local",
          credentials: { accessKeyId: "local", secretAccessKey: "local" },
        }
      : {}),
    maxAttempts: 4,
    retryMode: "standard",
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
  });
  const doc = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  return {
    doc,
    client,
    table: (spec) => `${config.ARX_TABLE_PREFIX}-${spec.name}`,
    close: () => client.destroy(),
  };
}

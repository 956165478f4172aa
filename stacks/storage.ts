import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Key } from "aws-cdk-lib/aws-kms";
import { RemovalPolicy } from "aws-cdk-lib/core";
import type { StackContext } from "sst/constructs";
import type { TableSpec } from "../core/store/tables.ts";
import { TABLES } from "../core/tables.ts";
import { isProduction, logicalName, tablePrefix } from "./naming.ts";

interface Stored {
  readonly tables: ReadonlyMap<string, Table>;
  readonly sealingKey: Key;
}

/**
 * The tables, one for each spec. DynamoDB encrypts them with its own key; what is more secret than that is sealed under a key of the stage's
 * own before it is put. Whoever loses that key loses what it sealed: the keys that sign access tokens, nodes'
 * credentials, and webhooks' secrets.
 */
export function Storage({ stack, app }: StackContext): Stored {
  const keep = isProduction(app);
  const tables = new Map<string, Table>();
  for (const spec of TABLES) {
    const table = new Table(stack, `${logicalName(spec.name)}Table`, {
      tableName: `${tablePrefix(app)}-${spec.name}`,
      ...keys(spec),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...(spec.ttl ? { timeToLiveAttribute: spec.ttl } : {}),
      ...(spec.stream ? { stream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
      deletionProtection: keep,
      removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    for (const index of spec.indexes ?? []) {
      table.addGlobalSecondaryIndex({
        indexName: index.name,
        ...keys(index),
        projectionType: ProjectionType.ALL,
      });
    }
    tables.set(spec.name, table);
  }
  const sealingKey = new Key(stack, "SealingKey", {
    description: "Seals the secrets that Arx keeps",
    alias: `${tablePrefix(app)}-sealing`,
    enableKeyRotation: true,
    removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  stack.addOutputs({ TablePrefix: tablePrefix(app), SealingKeyArn: sealingKey.keyArn });
  return { tables, sealingKey };
}

function keys({ partitionKey, sortKey }: Pick<TableSpec, "partitionKey" | "sortKey">) {
  return {
    partitionKey: { name: partitionKey, type: AttributeType.STRING },
    ...(sortKey ? { sortKey: { name: sortKey, type: AttributeType.STRING } } : {}),
  };
}

import type { TestProject } from "vitest/node";
import { startDynamoDbLocal } from "../../scripts/local/dynamodb.ts";

/** One DynamoDB Local, in memory, for all suites; each makes its own tables in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startDynamoDbLocal();
  project.provide("dynamodbEndpoint", database.endpoint);
  return () => database.stop();
}

declare module "vitest" {
  interface ProvidedContext {
    dynamodbEndpoint: string;
  }
}

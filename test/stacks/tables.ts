import { describe, expect, it } from "vitest";
import { TABLES } from "../../core/tables.ts";
import type { Both } from "./lookup.ts";
import { at, list, text } from "./template.ts";

/** The tables, beside the one list of them. */
export function tables(both: Both): void {
  describe("tables", () => {
    it("are those of the list, on demand, recoverable, with their keys, indexes, streams and expiry", () => {
      for (const synthesis of [both().stage, both().production]) {
        const prefix = synthesis === both().stage ? "arx-test" : "arx-prod";
        const made = new Map(
          synthesis.of("AWS::DynamoDB::Table").map((table) => [text(at(table, "TableName")), table]),
        );
        expect([...made.keys()].sort()).toEqual(TABLES.map(({ name }) => `${prefix}-${name}`).sort());
        for (const spec of TABLES) {
          const table = made.get(`${prefix}-${spec.name}`)!;
          expect(at(table, "BillingMode")).toBe("PAY_PER_REQUEST");
          expect(at(table, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")).toBe(true);
          expect(keysOf(list(at(table, "KeySchema")))).toEqual([
            spec.partitionKey,
            ...(spec.sortKey ? [spec.sortKey] : []),
          ]);
          expect(at(table, "TimeToLiveSpecification", "AttributeName")).toBe(spec.ttl);
          expect(at(table, "StreamSpecification", "StreamViewType")).toBe(
            spec.stream ? "NEW_AND_OLD_IMAGES" : undefined,
          );
          const indexes = list(at(table, "GlobalSecondaryIndexes")) as unknown as Record<string, never>[];
          expect(indexes.map((one) => [one.IndexName, ...keysOf(one.KeySchema!)])).toEqual(
            (spec.indexes ?? []).map((one) => [one.name, one.partitionKey, one.sortKey]),
          );
        }
      }
    });

    it("outlive the stacks of production alone", () => {
      for (const table of both().production.of("AWS::DynamoDB::Table")) {
        expect(table.DeletionPolicy).toBe("Retain");
        expect(at(table, "DeletionProtectionEnabled")).toBe(true);
      }
      for (const table of both().stage.of("AWS::DynamoDB::Table"))
        expect(table.DeletionPolicy).toBe("Delete");
    });

    it("have beside them a key that seals secrets, which turns each year and outlives production's stacks", () => {
      for (const synthesis of [both().stage, both().production]) {
        const isStage = synthesis === both().stage;
        const [alias] = synthesis.of("AWS::KMS::Alias");
        expect(text(at(alias!, "AliasName"))).toBe(`alias/arx-${isStage ? "test" : "prod"}-sealing`);
        const [key] = synthesis
          .of("AWS::KMS::Key")
          .filter(({ id }) => text(at(alias!, "TargetKeyId")) === `{${id}.Arn}`);
        expect(at(key!, "EnableKeyRotation")).toBe(true);
        expect(key!.DeletionPolicy).toBe(isStage ? "Delete" : "Retain");
        // The account's own roles alone: nobody is named, and so the roles' own statements decide.
        expect(list(at(key!, "KeyPolicy", "Statement"))).toHaveLength(1);
        expect(text(at(key!, "KeyPolicy", "Statement", 0, "Principal", "AWS"))).toMatch(/:root$/);
      }
    });

    function keysOf(schema: readonly unknown[]): string[] {
      return schema.map((key) => (key as { AttributeName: string }).AttributeName);
    }
  });
}

import { defineConfig } from "vitest/config";

/** `pure` tests do no I/O and guard every commit; `whole` tests run against real sockets and DynamoDB Local. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "pure",
          testTimeout: 30_000,
          include: ["{client,contract,core,functions,scripts,stacks}/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "whole",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/world/dynamodb.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

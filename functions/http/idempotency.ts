import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  IdempotencyInconsistentStateError,
  IdempotencyItemAlreadyExistsError,
  IdempotencyValidationError,
  makeIdempotent,
} from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { describeActor, memoryOf, type World } from "../../core/ctx.ts";
import { Conflict, Malformed } from "../../core/errors.ts";
import { IDEMPOTENCY } from "../../core/tables.ts";
import type { Repeatable } from "./chain.ts";

const DAY_S = 86_400;
const STORE = Symbol("idempotency");

/**
 * The first answer to a caller's `Idempotency-Key`, for a day. A failed call leaves no trace, so it may be tried again under its key.
 *
 * @throws Conflict while the first call is still under way, or when the key comes with another input; Malformed for a key of no use.
 */
export const repeatable: Repeatable = async (ctx, key, input, answer, lambda) => {
  if (key.length > 400) throw new Malformed("The Idempotency-Key must have at most 255 characters.");
  const config = new IdempotencyConfig({
    eventKeyJmesPath: "key",
    payloadValidationJmesPath: "input",
    throwOnNoIdempotencyKey: true,
    expiresAfterSeconds: DAY_S,
  });
  // Tells it how long the function may still run: a first call that was cut off does not block its key for longer.
  config.registerLambdaContext(lambda);
  const once = makeIdempotent(async (_call: { key: string; input: unknown }) => ({ ...(await answer()) }), {
    persistenceStore: storeOf(ctx),
    keyPrefix: "http",
    config,
  });
  try {
    // Stored as JSON: what a body leaves out must be left out here too, or a repeat would differ.
    const plain = JSON.parse(JSON.stringify({ key: `${describeActor(ctx.actor)} ${key}`, input }));
    return await once(plain);
  } catch (error) {
    throw translated(error);
  }
};

function storeOf(world: World): DynamoDBPersistenceLayer {
  return memoryOf(
    world,
    STORE,
    () =>
      new DynamoDBPersistenceLayer({
        tableName: world.store.table(IDEMPOTENCY),
        awsSdkV3Client: world.store.client,
      }),
  );
}

function translated(error: unknown): unknown {
  if (error instanceof IdempotencyValidationError) {
    return new Conflict("This Idempotency-Key was used with another input.");
  }
  const underWay = [
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyItemAlreadyExistsError,
  ];
  if (underWay.some((kind) => error instanceof kind)) {
    return new Conflict("The first request with this Idempotency-Key is still under way; try again.");
  }
  return error;
}

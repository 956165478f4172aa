import { createHash } from "node:crypto";
import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  IdempotencyInconsistentStateError,
  IdempotencyItemAlreadyExistsError,
  IdempotencyValidationError,
  makeIdempotent,
} from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { type Ctx, describeActor, memoryOf, type World } from "../../core/ctx.ts";
import { Conflict, Malformed } from "../../core/errors.ts";
import { IDEMPOTENCY } from "../../core/tables.ts";
import type { Answer } from "./bind.ts";
import type { Repeatable } from "./chain.ts";

const DAY_S = 86_400;
const STORE = Symbol("idempotency");

/**
 * The first answer to a caller's `Idempotency-Key`, for a day. A failed call leaves no trace, so it may be tried again under its key.
 *
 * @throws Conflict while the first call is still under way, or when the key comes with another input; Malformed for a key of no use.
 */
export const repeatable: Repeatable = async (ctx, { key, input, secret }, answer, lambda) => {
  if (key.length > 400) throw new Malformed("The Idempotency-Key must have at most 255 characters.");
  const config = new IdempotencyConfig({
    eventKeyJmesPath: "key",
    payloadValidationJmesPath: "input",
    throwOnNoIdempotencyKey: true,
    expiresAfterSeconds: DAY_S,
  });
  // Tells it how long the function may still run: a first call that was cut off does not block its key for longer.
  config.registerLambdaContext(lambda);
  const of = `${describeActor(ctx.actor)} ${key}`;
  let first: Answer | undefined;
  const once = makeIdempotent(
    async (_call: { key: string; input: unknown }) => {
      first = await answer();
      return secret ? await seal(ctx, of, first) : { ...first };
    },
    { persistenceStore: storeOf(ctx), keyPrefix: "http", config },
  );
  try {
    // Stored as JSON: what a body leaves out must be left out here too, or a repeat would differ.
    const stored = await once(JSON.parse(JSON.stringify({ key: of, input: withoutSecrets(input) })));
    if (first) return first;
    return "sealed" in stored ? await open(ctx, of, stored) : stored;
  } catch (error) {
    throw translated(error);
  }
};

/** An answer as it is stored when it holds a secret. */
interface Sealed {
  /** Base64; null when it could not be sealed, and is known to its first caller alone. */
  readonly sealed: string | null;
}

const contextOf = (of: string) => ({
  purpose: "idempotent-answer",
  call: createHash("sha256").update(of).digest("base64url"),
});

// What was made stands: its first caller gets the secret whatever becomes of the copy, and nobody makes it twice.
async function seal(ctx: Ctx, of: string, answer: Answer): Promise<Sealed> {
  try {
    const sealed = await ctx.sealer.seal(Buffer.from(JSON.stringify(answer)), contextOf(of));
    return { sealed: Buffer.from(sealed).toString("base64") };
  } catch (error) {
    ctx.log.error("An answer could not be kept for its Idempotency-Key", {
      request_id: ctx.requestId,
      error: String(error),
    });
    return { sealed: null };
  }
}

async function open(ctx: Ctx, of: string, { sealed }: Sealed): Promise<Answer> {
  if (sealed === null)
    throw new Conflict("This was done, and its answer, which held a secret, was not kept.");
  const opened = await ctx.sealer.open(Buffer.from(sealed, "base64"), contextOf(of));
  return JSON.parse(Buffer.from(opened).toString()) as Answer;
}

const SECRET_FIELDS: ReadonlySet<string> = new Set(["credentials", "password", "current_password"]);

/** A plain digest of the input is stored to tell repeats by, and of what people choose a digest tells too much. */
function withoutSecrets(input: unknown): unknown {
  const fields = Object.entries(input as Readonly<Record<string, unknown>>);
  return Object.fromEntries(fields.filter(([name]) => !SECRET_FIELDS.has(name)));
}

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

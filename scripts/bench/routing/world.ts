import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { CELLS } from "../../../core/cells/items.ts";
import { readConfig } from "../../../core/config.ts";
import type { World } from "../../../core/ctx.ts";
import { createOutbound } from "../../../core/outbound/index.ts";
import { type Item, openStore } from "../../../core/store/index.ts";
import { TABLES } from "../../../core/tables.ts";
import { passingSealer } from "../../local/passing-sealer.ts";
import { createTable } from "../../local/tables.ts";

/** A world on a DynamoDB, with tables of its own; its time and chance are the bench's. */
export async function openBenchWorld(
  endpoint: string,
  prefix: string,
  given: Pick<World, "now" | "random">,
): Promise<World & { close(): void }> {
  const config = readConfig({
    ROUTE_LIMIT_PER_MINUTE: "10000000",
    DYNAMODB_ENDPOINT: endpoint,
    ARX_TABLE_PREFIX: prefix,
    ARX_ALLOW_LOOPBACK: "true",
  });
  const store = openStore(config);
  for (const spec of TABLES) await createTable(store.doc, spec, store.table(spec));
  const outbound = createOutbound({ allowLoopback: true });
  const log = { info() {}, warn: console.warn, error: console.error };
  return {
    ...given,
    config,
    store,
    outbound,
    sealer: passingSealer(),
    log,
    memory: new Map(),
    close() {
      outbound.close();
      store.close();
    },
  };
}

/** Items of one write call: as many as DynamoDB takes. */
const AT_ONCE = 25;

/** Puts items of cells, unconditionally. */
export async function writeCells({ store }: World, items: Iterable<Item>): Promise<void> {
  const table = store.table(CELLS);
  let batch: Item[] = [];
  const flush = async () => {
    const puts = batch.map((item) => ({ PutRequest: { Item: item } }));
    batch = [];
    if (puts.length === 0) return;
    const { UnprocessedItems } = await store.doc.send(
      new BatchWriteCommand({ RequestItems: { [table]: puts } }),
    );
    if (Object.keys(UnprocessedItems ?? {}).length > 0) throw new Error("DynamoDB left writes unprocessed.");
  };
  for (const item of items) {
    batch.push(item);
    if (batch.length === AT_ONCE) await flush();
  }
  await flush();
}

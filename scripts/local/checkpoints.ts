import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** How far a trigger has come in a shard: the last sequence number it has done with, and whether that was the end. */
export interface Checkpoint {
  readonly sequence?: string;
  readonly done?: boolean;
}

export interface Checkpoints {
  get(trigger: string, shard: string): Checkpoint;
  set(trigger: string, shard: string, at: Checkpoint): void;
  /** Forgets the shards of a trigger that are none of `shards`. */
  keep(trigger: string, shards: ReadonlySet<string>): void;
  /** Writes what is not written yet. */
  flush(): void;
}

const WRITE_DELAY_MS = 100;

/**
 * Checkpoints, in memory or in a file as well. The file may lag by a moment: after a crash some records come again, none is missed.
 */
export function openCheckpoints(file?: string): Checkpoints {
  const held: Record<string, Record<string, Checkpoint>> = file ? read(file) : {};
  let timer: NodeJS.Timeout | undefined;

  function changed(): void {
    if (file) timer ??= setTimeout(flush, WRITE_DELAY_MS).unref();
  }

  function flush(): void {
    if (!timer || !file) return;
    clearTimeout(timer);
    timer = undefined;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify(held));
    renameSync(`${file}.new`, file);
  }

  return {
    get: (trigger, shard) => held[trigger]?.[shard] ?? {},
    set(trigger, shard, at) {
      held[trigger] ??= {};
      held[trigger][shard] = at;
      changed();
    },
    keep(trigger, shards) {
      const mine = held[trigger] ?? {};
      const gone = Object.keys(mine).filter((shard) => !shards.has(shard));
      for (const shard of gone) delete mine[shard];
      if (gone.length > 0) changed();
    },
    flush,
  };
}

// A file that can't be read costs a replay, which every handler bears.
function read(file: string): Record<string, Record<string, Checkpoint>> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, Checkpoint>>;
  } catch {
    return {};
  }
}

import type { TableSpec } from "../store/index.ts";

/**
 * Cells, by these access patterns:
 *
 * - a route, cold: the root directory, a finer one, some rosters and observations, each by key, in one batch → every item is a point read
 * - a sweep: the same of its own cells; one put of each observation, on its version; one put of the directory
 * - a placement: rosters and their directory, read consistently, written in one transaction
 *
 * `cell` is `d#<prefix>` for a directory, `c#<prefix>` for a cell, with `part` telling its items apart. Nothing here is a source: all
 * can be rebuilt from Nodes and a sweep.
 */
export const CELLS: TableSpec = {
  name: "cells",
  partitionKey: "cell",
  sortKey: "part",
  ttl: "expires_at",
  stream: true,
};

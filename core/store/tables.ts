/** What a table is: the stacks create it on AWS from this, the local run and the tests in DynamoDB Local. All keys are strings. */
export interface TableSpec {
  /** Short name; the physical one is `<ARX_TABLE_PREFIX>-<name>`. */
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey?: string;
  /** Sparse indexes, projecting everything. */
  readonly indexes?: readonly {
    readonly name: string;
    readonly partitionKey: string;
    readonly sortKey: string;
  }[];
  /** Attribute holding the second after which an item may go. */
  readonly ttl?: string;
  /** Whether changes are streamed (new and old images): the outbox of the table. */
  readonly stream?: boolean;
}

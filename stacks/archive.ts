import { CfnNamedQuery, CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import { CfnDatabase, CfnTable } from "aws-cdk-lib/aws-glue";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { Duration, RemovalPolicy } from "aws-cdk-lib/core";
import type { StackContext } from "sst/constructs";
import { NUMBERS, QUERIES, TEXTS } from "./archive-queries.ts";
import { except } from "./nag.ts";
import { isProduction, logicalName, tablePrefix } from "./naming.ts";

/** Where exports of the table of requests lie in the bucket. */
const EXPORTS = "requests";
const RESULTS = "results";
/** Days that exports are kept: what is wanted for longer is copied elsewhere. */
const EXPORTS_KEPT = 90;
const RESULTS_KEPT = 7;

/**
 * The archive: a bucket that point-in-time exports of the requests go into (docs/archive.md has the command), a table that Athena reads them
 * by, and queries to begin with. It costs nothing until it is used, and reads nothing of the live table's capacity.
 */
export function Archive({ stack, app }: StackContext): void {
  const bucket = new Bucket(stack, "RequestArchive", {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [
      { prefix: `${EXPORTS}/`, expiration: Duration.days(EXPORTS_KEPT) },
      { prefix: `${RESULTS}/`, expiration: Duration.days(RESULTS_KEPT) },
      { abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    removalPolicy: isProduction(app) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  except(
    bucket,
    "S1",
    "Operators alone read and write it, through Athena and exports, which CloudTrail records.",
  );

  const database = `${tablePrefix(app).replaceAll("-", "_").toLowerCase()}_archive`;
  const glue = new CfnDatabase(stack, "ArchiveDatabase", {
    catalogId: stack.account,
    databaseInput: { name: database, description: "Exports of what Arx has on record" },
  });
  const table = new CfnTable(stack, "ArchivedRequests", {
    catalogId: stack.account,
    databaseName: database,
    tableInput: {
      name: "requests",
      description: "Lines of DynamoDB's JSON exports of the table of requests",
      tableType: "EXTERNAL_TABLE",
      parameters: { classification: "json", compressionType: "gzip" },
      storageDescriptor: {
        location: `s3://${bucket.bucketName}/${EXPORTS}/`,
        columns: [{ name: "item", type: `struct<${fields()}>` }],
        inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
        outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serdeInfo: {
          serializationLibrary: "org.openx.data.jsonserde.JsonSerDe",
          // Beside the data lie an export's manifests, which are no lines of it.
          parameters: { "ignore.malformed.json": "true", "case.insensitive": "true" },
        },
      },
    },
  });
  table.addDependency(glue);

  const group = new CfnWorkGroup(stack, "ArchiveWorkGroup", {
    name: `${tablePrefix(app)}-archive`,
    description: "Queries over exported requests",
    recursiveDeleteOption: !isProduction(app),
    workGroupConfiguration: {
      enforceWorkGroupConfiguration: true,
      publishCloudWatchMetricsEnabled: true,
      resultConfiguration: {
        outputLocation: `s3://${bucket.bucketName}/${RESULTS}/`,
        encryptionConfiguration: { encryptionOption: "SSE_S3" },
      },
    },
  });
  for (const { name, description, sql } of QUERIES) {
    const query = new CfnNamedQuery(stack, `${logicalName(name)}Query`, {
      name,
      description,
      database,
      workGroup: group.name,
      queryString: sql,
    });
    query.addDependency(table);
    query.addDependency(group);
  }
  stack.addOutputs({
    ArchiveBucket: bucket.bucketName,
    ArchiveDatabase: database,
    ArchiveWorkGroup: group.name,
  });
}

function fields(): string {
  return [
    ...TEXTS.map((name) => `${name}:struct<s:string>`),
    ...NUMBERS.map((name) => `${name}:struct<n:string>`),
  ].join();
}

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Code that a Lambda never reaches, by the module it stands in; each gives what is left of it. */
interface Stub {
  /** Matches the specifier as it is imported, or the end of the file's path. */
  readonly module: RegExp;
  readonly why: string;
  readonly contents: string;
}

const STUBS: readonly Stub[] = [
  {
    module: /^@aws-sdk\/credential-provider-node$/,
    why: "A function's credentials are in its environment: no SSO, INI, process, web identity or instance metadata.",
    contents: `
      import { fromEnv } from "@aws-sdk/credential-provider-env";
      export const defaultProvider = (init) => fromEnv(init);`,
  },
  {
    module: /^@smithy\/core\/event-streams$/,
    why: "Neither DynamoDB nor SQS has an operation that streams.",
    contents: `export class EventStreamSerde { constructor() { throw new Error("No event streams in this bundle."); } }`,
  },
  {
    module: /^@aws-sdk\/endpoint-cache$/,
    why: "Endpoint discovery is off unless it is asked for.",
    contents: `export class EndpointCache { get() { return undefined; } set() {} delete() {} has() { return false; } clear() {} }`,
  },
  {
    module:
      /\/@smithy\/core\/dist-es\/submodules\/config\/shared-ini-file-loader\/loadSharedConfigFiles\.js$/,
    why: "A function has no ~/.aws; looking for it costs a cold start two file reads.",
    contents: `
      export const CONFIG_PREFIX_SEPARATOR = ".";
      export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });`,
  },
  {
    module:
      /\/@smithy\/core\/dist-es\/submodules\/config\/config-resolver\/regionConfig\/getInstanceMetadataRegion\.js$/,
    why: "A function knows its region from AWS_REGION.",
    contents: "export const getInstanceMetadataRegion = async () => undefined;",
  },
  {
    module: /\/@smithy\/core\/dist-es\/submodules\/checksum\/sha256\/Sha256Js\.js$/,
    why: "Node's own SHA-256 is always there.",
    contents: `export class Sha256Js { constructor() { throw new Error("Node has no SHA-256."); } }`,
  },
  {
    module: /^bowser$/,
    why: "It names browsers. Nothing here calls it, yet each import() of it would ship 34 KB in a chunk.",
    contents: "export {};",
  },
  {
    module:
      /\/@smithy\/core\/dist-es\/submodules\/endpoints\/middleware-endpoint\/service-customizations\/index\.js$/,
    why: "Functions put nothing into buckets.",
    contents: "export const resolveParamsForS3 = async (params) => params;",
  },
  {
    module: /\/@smithy\/core\/dist-es\/submodules\/retry\/util-retry\/AdaptiveRetryStrategy\.js$/,
    why: "The store's clients retry in standard mode.",
    contents: `export class AdaptiveRetryStrategy { constructor() { throw new Error("Only standard retries are bundled."); } }`,
  },
  {
    module: /\/@smithy\/signature-v4\/dist-es\/HeaderFormatter\.js$/,
    why: "It signs event streams alone.",
    contents: "export class HeaderFormatter {}",
  },
  {
    module: /\/@smithy\/core\/dist-es\/submodules\/serde\/date-utils\.js$/,
    why: "Date reads and writes these forms; the SDK's own parsers refuse more, of answers that items never hold.",
    contents: `
      const read = (value) => (value == null ? undefined : new Date(value));
      export const dateToUtcString = (date) => date.toUTCString();
      export { read as parseRfc3339DateTime, read as parseRfc3339DateTimeWithOffset, read as parseRfc7231DateTime };
      export const parseEpochTimestamp = (value) => (value == null ? undefined : new Date(Math.round(Number(value) * 1000)));`,
  },
  {
    module: /\/@datadog\/sketches-js\/dist\/ddsketch\/proto\/compiled\.js$/,
    why: "Sketches are stored as their bins, not as protobuf, whose runtime is not there.",
    contents: "module.exports = {};",
  },
  {
    module: /\/@aws-sdk\/lib-dynamodb\/dist-es\/pagination\/index\.js$/,
    why: "The store turns its pages itself; the paginators keep Scan and its schemas in.",
    contents: "export {};",
  },
  {
    module: /\/@aws-sdk\/client-dynamodb\/dist-es\/endpoint\/endpointResolver\.js$/,
    why: "The rules of all partitions, dual stack and FIPS, where a function calls its own region's DynamoDB over IPv4.",
    contents: `
      const domain = (region) => (region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com");
      export const defaultEndpointResolver = ({ Endpoint, Region, UseFIPS, UseDualStack }) => {
        if (UseFIPS || UseDualStack) throw new Error("FIPS and dual-stack endpoints are not bundled; see stacks/bundling.ts.");
        return { url: new URL(Endpoint ?? "https://dynamodb." + Region + "." + domain(Region)) };
      };`,
  },
  {
    module: /\/@aws-crypto\/client-node\/build\/main\/src\/index\.js$/,
    why: "It comes as CommonJS alone, which keeps every keyring and the whole of DynamoDB in; these are what sealing uses.",
    contents: `
      export { buildDecrypt } from "@aws-crypto/decrypt-node";
      export { buildEncrypt } from "@aws-crypto/encrypt-node";
      export { KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
      export { AlgorithmSuiteIdentifier, CommitmentPolicy } from "@aws-crypto/material-management-node";`,
  },
  {
    module: /\/@aws-crypto\/kms-keyring-node\/build\/module\/src\/index\.js$/,
    why: "The other keyrings bring a key store on DynamoDB with them.",
    contents: `export { KmsKeyringNode } from "./kms_keyring_node";`,
  },
  {
    module: /\/@aws-sdk\/client-kms\/dist-es\/KMS\.js$/,
    why: "Of KMS's fifty operations a keyring calls these; a third wraps a data key for more keys than the one we have.",
    contents: `
      import { DecryptCommand } from "./commands/DecryptCommand";
      import { GenerateDataKeyCommand } from "./commands/GenerateDataKeyCommand";
      import { KMSClient } from "./KMSClient";
      export class KMS extends KMSClient {
        decrypt(input) { return this.send(new DecryptCommand(input)); }
        async encrypt() { throw new Error("One key alone wraps a data key in this bundle."); }
        generateDataKey(input) { return this.send(new GenerateDataKeyCommand(input)); }
      }`,
  },
  {
    module:
      /\/@aws-crypto\/material-management\/build\/module\/src\/(ecc_decode|ecc_encode|pem_helpers)\.js$/,
    why: "Curves sign messages; ours are not signed, since whoever may open them may seal.",
    contents: `
      const unsigned = () => { throw new Error("No signed suites in this bundle."); };
      export const decodeNamedCurves = {}, encodeNamedCurves = {};
      export { unsigned as privateKeyPem, unsigned as publicKeyPem };`,
  },
  {
    module: /\/@aws-crypto\/serialize\/build\/module\/src\/ecdsa_signature\.js$/,
    why: "As above.",
    contents: `
      const unsigned = () => { throw new Error("No signed suites in this bundle."); };
      export { unsigned as der2raw, unsigned as raw2der };`,
  },
];

/** A module of which only a part is needed, and how the rest is cut away. */
interface Cut {
  readonly module: RegExp;
  readonly why: string;
  readonly cut: (source: string) => string;
}

/** What the calls that functions make (items, queries, transactions) can be refused with. */
const ITEM_ERRORS =
  /^(DynamoDBService|ConditionalCheckFailed|Transaction|Idempotent|Throttling|ProvisionedThroughput|RequestLimit|InternalServer|ItemCollection|ReplicatedWrite|ResourceNotFound)/;

const CUTS: readonly Cut[] = [
  {
    module: /\/@(aws-sdk|smithy)\/[^/]+\/package\.json$/,
    why: "An SDK package asks its own package.json for its version alone.",
    cut: (source) => JSON.stringify({ version: (JSON.parse(source) as { version: string }).version }),
  },
  {
    module: /\/@smithy\/core\/dist-es\/submodules\/protocols\/HttpProtocol\.js$/,
    why: "No call's input is part of a host's name. Looking for it would keep the bindings of REST in bundles that speak JSON over one path.",
    cut: (source) =>
      source.replace(
        /^import \{[^}]*\} from "\.\/HttpBindingNormalizedSchema";$/m,
        "const getHttpOperationBindings = () => [], HttpBindingNormalizedSchema = {};",
      ),
  },
  {
    module: /\/@aws-sdk\/core\/dist-es\/submodules\/client\/util-endpoints\/lib\/aws\/partitions\.js$/,
    why: "Every partition has a pattern of its regions; the list of their names is for people.",
    cut: (source) => source.replace(/"regions": \{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, '"regions": {}'),
  },
  {
    module:
      /\/@aws-sdk\/core\/dist-es\/submodules\/client\/middleware-user-agent\/user-agent-middleware\.js$/,
    why: "Nobody sets a prefix of the user agent, which is kept beside the list of all partitions.",
    cut: (source) =>
      source.replace(
        /^import \{ getUserAgentPrefix \} from "[^"]*";$/m,
        'const getUserAgentPrefix = () => "";',
      ),
  },
  {
    module: /\/@aws-sdk\/core\/dist-es\/submodules\/client\/util-endpoints\/aws\.js$/,
    why: "A client whose endpoints need these functions registers them itself.",
    cut: (source) => source.replace(/^customEndpointFunctions\.aws = awsEndpointFunctions;$/m, ""),
  },
  {
    module: /\/ngeohash\/main\.js$/,
    why: "Cells find their neighbours by themselves; CommonJS would keep all of it.",
    cut: (source) =>
      source
        .replace(/^var (neighbors?|bboxes)(_int)? = function[\s\S]*?^\};$/gm, "")
        .replace(/^ {2}'(neighbors?|bboxes)(_int)?': \w+,?$/gm, ""),
  },
  {
    module: /\/@aws-sdk\/client-dynamodb\/dist-es\/schemas\/schemas_0\.js$/,
    why: "The errors of backups, imports and table changes are never met; one met all the same comes as the service's base error.",
    cut: (source) =>
      source.replace(/^n0_registry\.registerError\((\w+)\$, \w+\);$/gm, (line, name: string) =>
        ITEM_ERRORS.test(name) ? line : "",
      ),
  },
];

/**
 * Rewrites `import { Cells } from "../cells/index.ts"` to `import * as Cells from "../cells/cells.ts"` where the index says
 * `export * as Cells from "./cells.ts"`: the same thing, of which esbuild can leave out what is never called.
 */
export function pastIndexes(source: string, readIndex: (specifier: string) => string): string {
  return source.replace(
    /^import \{([^}]*)\} from "([^"]*)\/index\.ts";$/gm,
    (line, names: string, directory: string) => {
      const namespaces = new Map(
        [...readIndex(`${directory}/index.ts`).matchAll(/^export \* as (\w+) from "\.\/([^"]+)";$/gm)].map(
          (match) => [match[1]!, `${directory}/${match[2]!}`] as const,
        ),
      );
      const named = names.split(",").map((name) => name.trim());
      const direct = named.filter((name) => namespaces.has(name));
      if (direct.length === 0) return line;
      const rest = named.filter((name) => name !== "" && !namespaces.has(name));
      return [
        ...direct.map((name) => `import * as ${name} from "${namespaces.get(name)}";`),
        ...(rest.length > 0 ? [`import { ${rest.join(", ")} } from "${directory}/index.ts";`] : []),
      ].join(" ");
    },
  );
}

/**
 * Marks what a module of the core makes at its top level (schemas, verbs) as pure: making it does nothing else, so what is never used may
 * go. A statement ends where the next line begins in the first column, as the formatter has it.
 */
export function markPure(source: string): string {
  return source.replace(
    /^((?:export )?const \w+(?:: [^=\n]+)? = )([a-z_]\w*(?:\s*\.\w+)*\([\s\S]*?);\n(?=\n*(?:[a-z/]|(?![\s\S])))/gm,
    (statement, head: string, made: string) =>
      made.startsWith("async") ? statement : `${head}/* @__PURE__ */ (() => ${made})();\n`,
  );
}

/** What of esbuild's plugin interface is used; it is the same in SST's esbuild and in the project's own. */
interface Build {
  onResolve(
    options: { filter: RegExp },
    answer: (args: { path: string; resolveDir: string }) => {
      path: string;
      namespace: string;
      pluginData: unknown;
    },
  ): void;
  onLoad(
    options: { filter: RegExp; namespace?: string },
    answer: (args: { path: string; pluginData: unknown }) => {
      contents: string;
      loader: "js" | "json" | "ts";
      resolveDir?: string;
    },
  ): void;
}

const NAMESPACE = "arx-stub";

/** Puts the stubs in place of their modules and makes the cuts. */
const trim = {
  name: "arx-trim",
  setup(build: Build) {
    STUBS.forEach((stub, index) => {
      if (stub.module.source.startsWith("^")) {
        build.onResolve({ filter: stub.module }, ({ resolveDir }) => ({
          path: String(index),
          namespace: NAMESPACE,
          pluginData: resolveDir,
        }));
      } else {
        build.onLoad({ filter: stub.module }, () => ({ contents: stub.contents, loader: "js" }));
      }
    });
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path, pluginData }) => ({
      contents: STUBS[Number(path)]!.contents,
      loader: "js",
      resolveDir: pluginData as string,
    }));
    build.onLoad({ filter: /\/(core|functions|contract)\/[^.]*\.ts$/ }, ({ path }) => {
      const source = pastIndexes(readFileSync(path, "utf8"), (specifier) =>
        readFileSync(join(dirname(path), specifier), "utf8"),
      );
      return { contents: /\/(core|contract)\//.test(path) ? markPure(source) : source, loader: "ts" };
    });
    for (const { module, cut } of CUTS) {
      build.onLoad({ filter: module }, ({ path }) => ({
        contents: cut(readFileSync(path, "utf8")),
        loader: path.endsWith(".json") ? "json" : "js",
      }));
    }
  },
};

/**
 * How a function is bundled, for the stacks (SST's esbuild) and for the bench (the project's): ESM, minified, the AWS SDK within. What it
 * loads by `import()` is in chunks of its own beside it. What is written as CommonJS may still `require` Node's own modules.
 */
export const BUNDLING = {
  bundle: true,
  splitting: true,
  outExtension: { ".js": ".mjs" },
  platform: "node",
  format: "esm",
  target: "node24",
  mainFields: ["module", "main"],
  minify: true,
  keepNames: false,
  sourcemap: false,
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  // Not the project's tsconfig: its `es2024` is unknown to SST's older esbuild.
  tsconfigRaw: '{"compilerOptions":{"verbatimModuleSyntax":true}}',
  banner: { js: 'import{createRequire as $cr}from"node:module";const require=$cr(import.meta.url);' },
  plugins: [trim],
} as const;

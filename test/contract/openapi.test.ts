import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import * as zod from "zod";
import * as z from "zod/mini";
import { ENDPOINTS, type Endpoint, type EndpointId, pathNames } from "../../contract/index.ts";
import type { JsonSchema, Operation, Parameter, ResponseObject } from "../../contract/openapi/json.ts";
import { PROBLEMS } from "../../contract/openapi/problems.ts";
import { openApiDocument } from "../../contract/openapi.ts";
import { TITLES } from "../../functions/http/problem.ts";

const document = openApiDocument({ serverUrl: "https://arx.example.com", version: "1.2.3" });
const endpoints = Object.entries(ENDPOINTS) as [EndpointId, Endpoint][];

const resolve = <T>(given: T | { $ref: string }): T => {
  if (typeof given !== "object" || given === null || !("$ref" in given)) return given;
  const [, ...steps] = given.$ref.split("/");
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document) as T;
};
const operationOf = ({ path, method }: Endpoint): Operation =>
  document.paths[path]?.[method.toLowerCase()] as Operation;
const bodyOf = (operation: Operation) => operation.requestBody?.content["application/json"];

function* nodesOf(value: unknown, path = "#"): Generator<[string, Record<string, unknown>]> {
  if (value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [key, inner] of Object.entries(value)) yield* nodesOf(inner, `${path}/${key}`);
}

/** A schema of the document as zod reads it back, its references made local. */
function readBack(schema: JsonSchema): zod.ZodType {
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return zod.fromJSONSchema(JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")));
}

test("it is a valid OpenAPI 3.1 document", async () => {
  const { valid, errors } = await new Validator().validate(
    structuredClone(document) as unknown as Record<string, unknown>,
  );
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test("every endpoint is one operation, and there is no other", () => {
  const listed = endpoints.map(([id, { method, path }]) => `${id} ${method} ${path}`);
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
    ),
  );
  expect(documented.sort()).toEqual(listed.sort());
});

test("it says which version it is of, and where it is served", () => {
  expect(document).toMatchObject({
    openapi: "3.1.1",
    info: { title: "Arx", version: "1.2.3" },
    servers: [{ url: "https://arx.example.com" }],
  });
});

test("every reference leads somewhere, and everything that may be referred to is", () => {
  const references = [...nodesOf(document)].flatMap(([, node]) =>
    typeof node.$ref === "string" ? [node.$ref] : [],
  );
  for (const $ref of references) expect(resolve({ $ref }), $ref).toBeDefined();
  const used = new Set(references);
  for (const kind of ["schemas", "parameters", "headers"] as const) {
    for (const name of Object.keys(document.components[kind])) {
      expect(used, `${kind}/${name}`).toContain(`#/components/${kind}/${name}`);
    }
  }
});

test("keywords of schemas are those of JSON Schema 2020-12, and no schema of zod's own is left", () => {
  for (const [path, node] of nodesOf(document)) {
    expect(node, path).not.toHaveProperty("$defs");
    expect(node, path).not.toHaveProperty("$schema");
    expect(node, path).not.toHaveProperty("nullable");
    if (typeof node.pattern === "string")
      expect(() => new RegExp(node.pattern as string, "u"), path).not.toThrow();
  }
});

test.each(endpoints)("%s: what its path names are its path parameters, each once", (_, endpoint) => {
  const parameters = operationOf(endpoint).parameters.map((one) => resolve<Parameter>(one));
  const inPath = parameters.filter((one) => one.in === "path");
  expect(inPath.map(({ name }) => name)).toEqual(pathNames(endpoint.path));
  expect(inPath.every((one) => one.required)).toBe(true);
  const keys = parameters.map((one) => `${one.in} ${one.name}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each(endpoints)(
  "%s: every field of its input is a parameter or in its body, and in one place only",
  (_, endpoint) => {
    const operation = operationOf(endpoint);
    const whole = z.toJSONSchema(endpoint.input, { io: "input", unrepresentable: "any" }) as JsonSchema;
    const inParameters = operation.parameters
      .map((one) => resolve<Parameter>(one))
      .filter((one) => one.in !== "header")
      .map((one) => one.name);
    const inBody = Object.keys(bodyOf(operation)?.schema.properties ?? {});
    const inHeader = operation.parameters.some((one) => "$ref" in one && one.$ref.endsWith("/If-Match"))
      ? ["if_match"]
      : [];
    const fields = new Set(
      [whole, ...(whole.anyOf ?? [])].flatMap((one) => Object.keys(one.properties ?? {})),
    );
    expect([...inParameters, ...inBody, ...inHeader].sort()).toEqual([...fields].sort());
    if (endpoint.method === "GET" || endpoint.method === "DELETE")
      expect(operation.requestBody).toBeUndefined();
  },
);

test.each(endpoints)(
  "%s: its example is one that the endpoint takes, by its own schema and by the document's",
  (_, endpoint) => {
    const operation = operationOf(endpoint);
    const body = bodyOf(operation);
    const inPath = Object.fromEntries(
      operation.parameters
        .map((one) => resolve<Parameter>(one))
        .filter((one) => one.in === "path")
        .map((one) => [one.name, one.example]),
    );
    if (body) {
      expect(body.example).toBeDefined();
      expect(
        z.safeParse(endpoint.input, { ...(body.example as object), ...inPath }).error?.issues,
      ).toBeUndefined();
      expect(readBack(body.schema).safeParse(body.example).error?.issues).toBeUndefined();
    }
    for (const one of operation.parameters.map((given) => resolve<Parameter>(given))) {
      if (one.required) expect(one.example, `${one.in} ${one.name}`).toBeDefined();
      if (one.example !== undefined) {
        expect(readBack(one.schema).safeParse(one.example).error?.issues, one.name).toBeUndefined();
      }
    }
    if (endpoint.example?.input)
      expect(z.safeParse(endpoint.input, { ...inPath, ...endpoint.example.input }).success).toBe(true);
  },
);

test.each(endpoints)("%s: the answer it shows is one it may give", (_, endpoint) => {
  for (const status of endpoint.status) {
    const response = operationOf(endpoint).responses[status] as ResponseObject;
    const [type, media] = Object.entries(response.content ?? {})[0] ?? [];
    if (status === 204) expect(response.content).toBeUndefined();
    else expect(type).toBe(endpoint.contentType?.split(";")[0] ?? "application/json");
    if (media?.example === undefined) continue;
    expect(z.safeParse(endpoint.output, media.example).error?.issues).toBeUndefined();
    expect(readBack(media.schema).safeParse(media.example).error?.issues).toBeUndefined();
  }
});

test.each(endpoints)(
  "%s: every error it may answer with is a problem document of that status",
  (_, endpoint) => {
    const { responses, security, description, summary } = operationOf(endpoint);
    for (const status of [...(endpoint.errors ?? []), 401, 429, 500]) {
      if (!endpoint.status.includes(status)) expect(Object.keys(responses)).toContain(String(status));
    }
    for (const [status, given] of Object.entries(responses)) {
      if (endpoint.status.includes(Number(status))) continue;
      const media = resolve<ResponseObject>(given).content?.["application/problem+json"];
      expect(media?.example).toMatchObject({ status: Number(status), title: TITLES[Number(status)] });
      expect(readBack(media!.schema).safeParse(media!.example).success).toBe(true);
    }
    const callers = new Set([...endpoint.who, ...(endpoint.stricter?.who ?? [])]);
    expect(security).toEqual([...callers].map((caller) => (caller === "anyone" ? {} : { bearer: [caller] })));
    expect(summary.length).toBeGreaterThan(0);
    expect(description ?? summary).not.toMatch(/\.ts\b|TODO/);
  },
);

test.each(endpoints)("%s: its headers are told", (_, endpoint) => {
  const { parameters, responses } = operationOf(endpoint);
  const sent = parameters.flatMap((one) => ("$ref" in one ? [one.$ref.split("/").at(-1)] : []));
  const got = Object.keys((responses[endpoint.status[0]] as ResponseObject).headers ?? {});
  expect(sent).toContain("X-Request-Id");
  expect(sent.includes("Idempotency-Key")).toBe(endpoint.creates ?? false);
  expect(got.includes("Link")).toBe(endpoint.paged ?? false);
  expect(got.includes("ETag")).toBe((endpoint.revised ?? false) && endpoint.status[0] !== 204);
});

test("titles of problems are those that are answered", () => {
  for (const [status, { title }] of Object.entries(PROBLEMS)) expect(title).toBe(TITLES[Number(status)]);
});

test("tags are told of, each with its description", () => {
  const told = document.tags.map(({ name }) => name);
  const used = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ tags }) => tags),
  );
  for (const tag of used) expect(told).toContain(tag);
});

test("it is small enough to read over a slow line", () => {
  const size = JSON.stringify(document).length;
  console.log(`openapi.json: ${size} bytes, ${endpoints.length} operations`);
  expect(size).toBeLessThan(512 * 1024);
});

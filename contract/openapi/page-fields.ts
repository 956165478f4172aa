import { type Html, html, inline } from "./html.ts";
import type { JsonSchema } from "./json.ts";
import { REF } from "./schemas.ts";

/** A schema as a list of its fields, those inside others indented. */
export function fieldList(schema: JsonSchema): Html {
  if (schema.$ref) return html`<p>${typeOf(schema)}</p>`;
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches && !schema.properties) {
    return html`<ul class="fields">${branches.map((one) => html`<li>${typeOf(one)}${nested(one)}</li>`)}</ul>`;
  }
  if (schema.items) return html`<p class="type">list of ${typeOf(schema.items)}</p>${nested(schema.items)}`;
  if (!schema.properties) return html`<p>${typeOf(schema)}</p>`;
  const required = new Set(schema.required);
  return html`<ul class="fields">${Object.entries(schema.properties).map(
    ([name, field]) =>
      html`<li><code>${name}</code> ${typeOf(field)} ${required.has(name) && html`<span class="must">required</span>`} ${
        field.description !== undefined && inline(field.description)
      } ${bounds(field)}${nested(field)}</li>`,
  )}</ul>`;
}

/** The fields inside a field: of an object, of a list's entries, of whichever object a choice allows. */
function nested(schema: JsonSchema): Html | undefined {
  if (schema.properties) return fieldList(schema);
  if (schema.items) return nested(schema.items);
  const branches = (schema.anyOf ?? schema.oneOf ?? []).filter((one) => one.properties);
  return branches.length > 0 ? html`${branches.map(fieldList)}` : undefined;
}

/** A schema's type in words, linked where it has a name. */
export function typeOf(schema: JsonSchema): Html {
  if (schema.$ref) {
    const name = schema.$ref.slice(REF.length);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.enum) return html`<span class="type">${schema.enum.map(String).join(" | ")}</span>`;
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) {
    return html`${branches.map((one, at) => html`${at > 0 && html`<span class="type"> or </span>`}${typeOf(one)}`)}`;
  }
  if (schema.items) return html`<span class="type">list of </span>${typeOf(schema.items)}`;
  const [type = "any", ...others] = [schema.type ?? []].flat();
  const words = [schema.format ? `${type} (${schema.format})` : type, ...others];
  return html`<span class="type">${words.join(" or ")}</span>`;
}

/** What a value of a schema is held to, in a few words. */
export function bounds(schema: JsonSchema): Html {
  const { minimum, maximum, exclusiveMinimum, minLength, maxLength, maxItems, pattern } = schema;
  const words = [
    minimum !== undefined && maximum !== undefined
      ? `${minimum} to ${maximum}`
      : minimum !== undefined && `at least ${minimum}`,
    exclusiveMinimum !== undefined && `more than ${exclusiveMinimum}`,
    maximum !== undefined && minimum === undefined && `at most ${maximum}`,
    maxLength !== undefined && `${minLength ?? 0} to ${maxLength} characters`,
    maxItems !== undefined && `at most ${maxItems} entries`,
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ].filter((word) => typeof word === "string");
  return html`<span class="type">${words.join(", ")}${pattern !== undefined && html` <code>${pattern}</code>`}</span>`;
}

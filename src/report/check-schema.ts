import type { Report } from "../diagnostics/diagnostic.ts";
import { at, fieldPath, originOf, type Place } from "../diagnostics/place.ts";
import { isRecord, typeAndValue } from "../model/fields/fields.ts";

/** The part of JSON Schema (2020-12) that schemas of documents use which Portolan reads. */
export interface Schema {
  readonly const?: string | true | null;
  readonly enum?: readonly (string | null)[];
  readonly type?: "object" | "array" | "string" | "integer";
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  /** A value, or null. */
  readonly oneOf?: readonly [Schema, { readonly const: null }];
  readonly description?: string;
}

/** Reports every place at which a plan, as JSON.parse gives it, differs from its schema. */
export function checkSchema(value: unknown, schema: Schema, place: Place, report: Report): void {
  if (schema.oneOf !== undefined) {
    if (value !== null) checkSchema(value, schema.oneOf[0], place, report);
  } else if (!isAllowed(value, schema)) {
    const field = fieldPath(originOf(place).path) || "the document";
    report("plan-value-invalid", place, { field, wanted: describe(schema), got: typeAndValue(value) });
  } else if (Array.isArray(value) && schema.items !== undefined) {
    for (const [index, item] of value.entries()) checkSchema(item, schema.items, at(place, index), report);
  } else if (isRecord(value) && schema.properties !== undefined) checkFields(value, schema, place, report);
}

type Mapping = Readonly<Record<string, unknown>>;

function checkFields(value: Mapping, { properties = {}, required = [] }: Schema, place: Place, report: Report): void {
  for (const field of required) {
    if (!Object.hasOwn(value, field)) report("plan-field-missing", place, { field });
  }
  for (const [key, inner] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known === undefined) report("plan-field-unknown", at(place, key), { field: key }, { caret: "key" });
    else checkSchema(inner, known, at(place, key), report);
  }
}

function isAllowed(value: unknown, schema: Schema): boolean {
  if (schema.const !== undefined) return value === schema.const;
  if (schema.enum !== undefined) return schema.enum.some((one) => one === value);
  if (!isOfType(value, schema)) return false;
  if (typeof value === "string") return schema.pattern === undefined || new RegExp(schema.pattern, "u").test(value);
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema;
  return typeof value !== "number" || (value >= minimum && value <= maximum);
}

function isOfType(value: unknown, { type }: Schema): boolean {
  if (type === "object") return isRecord(value);
  if (type === "array") return Array.isArray(value);
  return type === "integer" ? Number.isInteger(value) : type === undefined || typeof value === type;
}

function describe({ const: only, enum: choices, type = "object", pattern, minimum, maximum }: Schema): string {
  if (only !== undefined) return JSON.stringify(only);
  if (choices !== undefined) return `one of ${choices.map((one) => JSON.stringify(one)).join(", ")}`;
  if (pattern !== undefined) return `a string that matches ${pattern}`;
  if (minimum !== undefined && maximum !== undefined) return `a whole number from ${minimum} to ${maximum}`;
  return typeNames[type];
}

const typeNames = { object: "a mapping", array: "a list", string: "a string", integer: "a whole number" } as const;

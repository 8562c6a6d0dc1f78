import type { Report } from "../../diagnostics/diagnostic.ts";
import { at, type Origin, type Place } from "../../diagnostics/place.ts";
import { quoted } from "../../diagnostics/printable.ts";
import { didYouMean } from "./name-map.ts";

/** A mapping of the input that is being read, with its place and where to report problems. */
export interface Fields {
  readonly value: Readonly<Record<string, unknown>>;
  readonly place: Place;
  readonly report: Report;
}

/** A scalar of a list, with its place. */
export interface Placed<T> {
  readonly value: T;
  readonly place: Place;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The readers below take a missing field and null alike, as the API server's decoder does: undefined.
 * A value of another type is reported as `field-wrong-type` and read as undefined too.
 */
export function textField(fields: Fields, key: string): string | undefined {
  const value = fields.value[key];
  if (typeof value === "string" || value === undefined || value === null) return value ?? undefined;
  return wrongType(fields, key, "a string");
}

export function booleanField(fields: Fields, key: string): boolean | undefined {
  const value = fields.value[key];
  if (typeof value === "boolean" || value === undefined || value === null) return value ?? undefined;
  return wrongType(fields, key, "true or false");
}

const INT32_LIMIT = 2 ** 31;

/** An int32, as every number of the objects read here is. */
export function integerField(fields: Fields, key: string): number | undefined {
  const value = fields.value[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) return wrongType(fields, key, "a whole number");
  if (value >= -INT32_LIMIT && value < INT32_LIMIT) return value;
  return wrongType(fields, key, "a number of at most 32 bits");
}

export function numberField(fields: Fields, key: string): number | undefined {
  const value = fields.value[key];
  if (typeof value === "number" || value === undefined || value === null) return value ?? undefined;
  return wrongType(fields, key, "a number");
}

export function recordField(fields: Fields, key: string): Fields | undefined {
  const value = fields.value[key];
  if (value === undefined || value === null) return undefined;
  if (isRecord(value)) return { value, place: at(fields.place, key), report: fields.report };
  return wrongType(fields, key, "a mapping");
}

/** Shared by the many objects that leave a list out. */
const noFields: readonly Fields[] = [];
const noPlaced: readonly Placed<string>[] = [];

/** The mappings of a list; items of another type are reported and left out. */
export function recordsField(fields: Fields, key: string): readonly Fields[] {
  const list = listField(fields, key);
  if (list.length === 0) return noFields;
  const place = at(fields.place, key);
  const records: Fields[] = [];
  for (let index = 0; index < list.length; index++) {
    const record = recordItem(fields, place, list, index);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** One item of a list that has to be a mapping; another is reported. `place` is the list's. */
export function recordItem(fields: Fields, place: Place, list: readonly unknown[], index: number): Fields | undefined {
  const value = list[index];
  if (isRecord(value)) return { value, place: at(place, index), report: fields.report };
  wrongItem(fields, at(place, index), value, "a mapping");
  return undefined;
}

/** The strings of a list; items of another type are reported and left out. */
export function textsField(fields: Fields, key: string): readonly Placed<string>[] {
  const list = listField(fields, key);
  if (list.length === 0) return noPlaced;
  const place = at(fields.place, key);
  const texts: Placed<string>[] = [];
  for (let index = 0; index < list.length; index++) {
    const value = list[index];
    if (typeof value === "string") texts.push({ value, place: at(place, index) });
    else wrongItem(fields, at(place, index), value, "a string");
  }
  return texts;
}

/** A mapping from text to text, such as labels; values of another type are reported and left out. */
export function textMapField(fields: Fields, key: string): Readonly<Record<string, string>> {
  const given = fields.value[key];
  if (isRecord(given) && isTextMap(given)) return given;
  const record = recordField(fields, key);
  if (record === undefined) return noTexts;
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(record.value)) {
    if (typeof value === "string") texts[name] = value;
    else if (value !== null) wrongType(record, name, "a string");
  }
  return texts;
}

const noTexts: Readonly<Record<string, string>> = {};

function isTextMap(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, string>> {
  for (const key in value) if (typeof value[key] !== "string") return false;
  return true;
}

export function placeOf(fields: Fields, key: string): Place {
  return at(fields.place, key);
}

/** Warns about keys that no version of the API has: a misspelt field is silently without effect. */
export function checkKnownFields(fields: Fields, known: ReadonlySet<string>): void {
  for (const key in fields.value) {
    if (known.has(key)) continue;
    const near = didYouMean(key, known);
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    fields.report("field-unknown", at(fields.place, key), { field: key }, { caret: "key", hint });
  }
}

/** Whether one of these keys exists: checking each of many rare keys costs more. */
export function holdsAny(fields: Fields, keys: ReadonlySet<string>): boolean {
  for (const key in fields.value) if (keys.has(key)) return true;
  return false;
}

const nothing: readonly unknown[] = [];

export function listField(fields: Fields, key: string): readonly unknown[] {
  const value = fields.value[key];
  if (value === undefined || value === null) return nothing;
  if (Array.isArray(value)) return value;
  wrongType(fields, key, "a list");
  return [];
}

function wrongType(fields: Fields, key: string, wanted: string): undefined {
  fields.report("field-wrong-type", at(fields.place, key), {
    field: key,
    wanted,
    got: typeAndValue(fields.value[key]),
  });
  return undefined;
}

function wrongItem(fields: Fields, place: Place, value: unknown, wanted: string): void {
  fields.report("field-wrong-type", place, { field: `item ${place.key}`, wanted, got: typeAndValue(value) });
}

/** A value of the wrong type, for a message. */
export function typeAndValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return `the ${typeof value} ${quoted(value)}`;
}

/** The value at a place of the documents; undefined if there is none. */
export function valueAt(documents: readonly unknown[], { document, path }: Origin): unknown {
  return valueBelow(documents[document], path);
}

/** The value below these keys and indexes; undefined where there is none. */
export function valueBelow(value: unknown, path: Origin["path"]): unknown {
  return path.reduce<unknown>((within, key) => {
    if (Array.isArray(within)) return within[Number(key)];
    return isRecord(within) && Object.hasOwn(within, key) ? within[key] : undefined;
  }, value);
}

/** The object that a place is in: the document, or the item of a List. */
export function objectAt(documents: readonly unknown[], { document, path }: Origin): unknown {
  let length = 0;
  while (path[length] === "items" && typeof path[length + 1] === "number") length += 2;
  return valueAt(documents, { document, path: path.slice(0, length) });
}

/** Whether two values, as JSON.parse gives them, are the same; the order of keys does not count. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSameValue(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSameValue(a[key], b[key]))
  );
}

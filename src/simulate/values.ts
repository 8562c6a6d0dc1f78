import { isRecord } from "../model/fields/fields.ts";

/** An object of the API, or a part of one. */
export type Value = Readonly<Record<string, unknown>>;
export type Texts = Readonly<Record<string, string>>;

/** Tolerant readers: a value of the wrong shape counts as missing. The parser of the object reports it. */
export function recordOf(value: unknown): Value {
  return isRecord(value) ? value : {};
}

export function recordsOf(value: unknown): readonly Value[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** An empty text counts as missing. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string" && item !== "") : [];
}

export function textMapOf(value: unknown): Texts {
  const entries = Object.entries(recordOf(value));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** A whole number that is not negative. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** The API server treats missing values, null, an empty text, an empty list and 0 the same. */
export function isGiven(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== "" && value !== 0;
}

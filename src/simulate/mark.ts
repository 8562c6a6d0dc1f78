import { simulatedAnnotation, simulatedParts } from "../model/simulated.ts";
import { recordOf, type Value } from "./values.ts";

/** What an invented object has for its annotation. */
export const invented: Readonly<Record<string, string>> = { [simulatedAnnotation]: "object" };

/** The object with these fields named in its annotation, besides those that are there already. */
export function markFields(value: Value, fields: readonly string[]): Value {
  if (fields.length === 0) return value;
  const known = simulatedParts(value) ?? [];
  if (known.includes("object")) return value;
  const parts = [...new Set([...known, ...fields])].sort();
  const metadata = recordOf(value.metadata);
  const annotations = { ...recordOf(metadata.annotations), [simulatedAnnotation]: parts.join(",") };
  return { ...value, metadata: { ...metadata, annotations } };
}

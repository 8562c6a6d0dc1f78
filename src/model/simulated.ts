import { isRecord } from "./fields/fields.ts";

/** On an object that is invented as a whole ("object"), or in part: the fields, with commas in between. */
export const simulatedAnnotation = "portolan/simulated";

/** What of an object is invented; undefined: nothing. */
export function simulatedParts({ metadata }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const value = isRecord(annotations) ? annotations[simulatedAnnotation] : undefined;
  return typeof value === "string" && value !== "" ? value.split(",").map((part) => part.trim()) : undefined;
}

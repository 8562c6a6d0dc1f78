import { createSubject, type Sink } from "../diagnostics/diagnostic.ts";
import { isRecord } from "./fields/fields.ts";
import type { InputObject } from "./flatten-documents.ts";

/** On a simulated object: "object" if all of it is simulated, or the simulated fields, separated by commas. */
export const simulatedAnnotation = "portolan/simulated";

/** The simulated parts of an object; undefined: none. */
export function simulatedParts({ metadata }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const value = isRecord(annotations) ? annotations[simulatedAnnotation] : undefined;
  return typeof value === "string" && value !== "" ? value.split(",").map((part) => part.trim()) : undefined;
}

/** Reports once which objects are simulated; returns their number. */
export function reportSimulated(inputs: readonly InputObject[], sink: Sink): number {
  const whole = new Map<string, number>();
  const partly = new Map<string, number>();
  for (const { kind, value } of inputs) {
    const parts = simulatedParts(value);
    if (parts === undefined) continue;
    const counts = parts.includes("object") ? whole : partly;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const objects = counted(whole);
  const fields = counted(partly);
  const what = [...(objects === "" ? [] : [objects]), ...(fields === "" ? [] : [`fields of ${fields}`])];
  if (what.length > 0) sink.reporter(createSubject())("state-simulated", undefined, { what: what.join("; ") });
  return [...whole.values(), ...partly.values()].reduce((sum, count) => sum + count, 0);
}

/** `3 Nodes, 1 Pod` */
function counted(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([kind, count]) => `${count} ${kind}${count === 1 ? "" : "s"}`).join(", ");
}

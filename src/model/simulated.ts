import { createSubject, type Sink } from "../diagnostics/diagnostic.ts";
import { isRecord } from "./fields/fields.ts";
import type { DocumentRoles, InputObject } from "./flatten-documents.ts";

/** On a simulated object: "object" if all of it is simulated, or the simulated fields, separated by commas. */
export const simulatedAnnotation = "portolan/simulated";

/** The simulated parts of an object; undefined: none. */
export function simulatedParts({ metadata }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const value = isRecord(annotations) ? annotations[simulatedAnnotation] : undefined;
  return typeof value === "string" && value !== "" ? value.split(",").map((part) => part.trim()) : undefined;
}

/** Reports once which objects are simulated; returns their number. */
export function reportSimulated(
  inputs: readonly InputObject[],
  { isAssumed = false }: Pick<DocumentRoles, "isAssumed">,
  sink: Sink,
): number {
  const whole = new Map<string, number>();
  const partly = new Map<string, number>();
  const nodes: string[] = [];
  for (const { kind, value } of inputs) {
    const parts = simulatedParts(value);
    if (parts === undefined) continue;
    if (kind === "Node" && parts.includes("object")) nodes.push(nameOf(value));
    const counts = parts.includes("object") ? whole : partly;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const objects = counted(whole).replace(/\d Nodes?/, (count) => `${count} (${listNodes(nodes)})`);
  const fields = counted(partly);
  const what = [...(objects === "" ? [] : [objects]), ...(fields === "" ? [] : [`fields of ${fields}`])];
  const advice = isAssumed ? " (--no-simulate takes the input as it is)" : "";
  if (what.length > 0) sink.reporter(createSubject())("state-simulated", undefined, { what: what.join("; "), advice });
  return [...whole.values(), ...partly.values()].reduce((sum, count) => sum + count, 0);
}

function nameOf({ metadata }: Readonly<Record<string, unknown>>): string {
  return isRecord(metadata) && typeof metadata.name === "string" ? metadata.name : "";
}

/** `node1, node2, node3`, or `node1 ... node20` of many. */
function listNodes(names: readonly string[]): string {
  return names.length > 5 ? `${names[0]} ... ${names.at(-1)}` : names.join(", ");
}

/** `3 Nodes, 1 Pod` */
function counted(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([kind, count]) => `${count} ${kind}${count === 1 ? "" : "s"}`).join(", ");
}

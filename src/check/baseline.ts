import { printableJson } from "../diagnostics/printable.ts";
import { isRecord } from "../model/fields/fields.ts";
import { compareBytes } from "../model/fields/name-map.ts";

/** What identifies a finding: nothing that changes with line numbers, nodes or the wording of messages. */
export interface FindingKey {
  readonly code: string;
  readonly object: string;
  /** The field; in the text of a tool the line itself, without its counters. */
  readonly field: string;
}

/** How often each finding occurs in the baseline, by the text of its key. */
export type Baseline = Map<string, number>;

export function keyText({ code, object, field }: FindingKey): string {
  return JSON.stringify([code, object, field]);
}

/** The file of a baseline: sorted, so that it changes only where findings do. */
export function printBaseline(keys: readonly FindingKey[]): string {
  const counts = new Map<string, FindingKey & { count: number }>();
  for (const key of keys) {
    const known = counts.get(keyText(key));
    if (known === undefined) counts.set(keyText(key), { ...key, count: 1 });
    else known.count += 1;
  }
  const findings = [...counts.values()].sort(
    (a, b) => compareBytes(a.object, b.object) || compareBytes(a.code, b.code) || compareBytes(a.field, b.field),
  );
  return `${printableJson({ apiVersion: "portolan/v1alpha1", kind: "Baseline", findings }, 2)}\n`;
}

/** Reads a baseline; a string describes what is wrong with it. */
export function parseBaseline(text: string): Baseline | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "not valid JSON";
  }
  if (!isRecord(value) || value.kind !== "Baseline" || !Array.isArray(value.findings))
    return "not a Baseline written by --write-baseline";
  const baseline: Baseline = new Map();
  for (const [index, finding] of value.findings.entries()) {
    if (!isRecord(finding)) return `findings[${index}] is not a mapping`;
    const { code, object, field, count } = finding;
    if (typeof code !== "string" || typeof object !== "string" || typeof field !== "string")
      return `findings[${index}] lacks code, object or field`;
    const times = typeof count === "number" && Number.isInteger(count) && count > 0 ? count : 1;
    const key = keyText({ code, object, field });
    baseline.set(key, (baseline.get(key) ?? 0) + times);
  }
  return baseline;
}

/** Takes a finding off the baseline; false: it is new. */
export function isKnown(baseline: Baseline, key: FindingKey): boolean {
  const text = keyText(key);
  const left = baseline.get(text) ?? 0;
  if (left > 0) baseline.set(text, left - 1);
  return left > 0;
}

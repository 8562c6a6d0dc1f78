import { at } from "../../diagnostics/place.ts";
import { isRecord, typeAndValue } from "../../model/fields/fields.ts";
import { type Draft, reportOn } from "../draft.ts";
import { mostReplicas } from "../options.ts";
import type { Workload } from "../pods/read-workload.ts";
import { countOf, recordOf } from "../values.ts";

/** Whether a workload says how many pods it has as the API server takes it, and no more than anybody has; tells if not. */
export function checkReplicas({ given, kind, replicas }: Workload, draft: Draft): boolean {
  if (kind === "DaemonSet") return true;
  const fields = kind === "Job" ? (["parallelism", "completions"] as const) : (["replicas"] as const);
  const spec = recordOf(given.input.value.spec);
  const wrong = fields.find((field) => isWrong(spec[field])) ?? (replicas > mostReplicas ? fields[0] : undefined);
  if (wrong === undefined) return true;
  const parameters = { field: wrong, got: typeAndValue(spec[wrong]), most: mostReplicas };
  reportOn(draft, given)("workload-replicas-invalid", at(at(given.input.place, "spec"), wrong), parameters);
  return false;
}

/** What a template engine is yet to fill in is told as that. */
function isWrong(value: unknown): boolean {
  if (value === undefined || value === null || isRecord(value)) return false;
  return countOf(value) === undefined && !String(value).includes("{{");
}

import { check } from "../check/check.ts";
import { createFindingOwners } from "../check/finding-owners.ts";
import { readStateOfObjects, type StateOptions } from "../compile/compile.ts";
import { createSink, type Diagnostic } from "../diagnostics/diagnostic.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { makeTour } from "./make-tour.ts";
import type { Tour } from "./tour.ts";

export interface TourResult {
  /** Undefined where there are errors. */
  readonly tour: Tour | undefined;
  /** Of reading the objects. Findings of `check` are in the tour. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Says what each Service does: on which addresses it answers, who reaches it, which source address pods see, where traffic
 * ends, and what `check` finds. Without `options.node`, as seen from every Node. Plain manifests are passed through
 * `simulate` first.
 *
 * @example
 * ```ts
 * import { simulate, tour } from "portolan";
 *
 * const spec = { externalIPs: ["203.0.113.9"], ports: [{ port: 80 }] };
 * const web = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec };
 * const { tour: told } = tour(simulate([web], { nodes: 1 }).objects);
 * const [service] = told.services;
 * console.log(service.ports[0].doors.map(({ kind }) => kind)); // ["external IP","cluster IP"]
 * console.log(service.findings.map(({ code }) => code)); // ["external-ips-deprecated"]
 * ```
 */
export function tour(objects: readonly unknown[], options: StateOptions = {}): TourResult {
  const state = readStateOfObjects(objects, options);
  const given = flattenDocuments(objects, createSink());
  const ownersOf = createFindingOwners({ objects: given, cluster: state.cluster, textOf: () => undefined });
  const findings = check(objects, options).findings.map((diagnostic) => {
    const { severity, code, message } = diagnostic;
    return {
      finding: { severity, code, message },
      services: ownersOf(diagnostic).map((name) => name.replace(/:.*$/, "")),
    };
  });
  const told = makeTour(state, { node: options.node, shows: () => true, findings, rulesOf: undefined });
  return { tour: told, diagnostics: state.sink.diagnostics };
}

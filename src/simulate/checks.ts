import { createSubject } from "../diagnostics/diagnostic.ts";
import { at } from "../diagnostics/place.ts";
import { type Cidr, cidrContains, parseIp } from "../model/address.ts";
import { isRecord, typeAndValue } from "../model/fields/fields.ts";
import { didYouMean } from "../model/fields/name-map.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import { subjectOf } from "../model/read-objects.ts";
import { type Draft, type GivenObjects, isKind, reportOn, versionOf } from "./draft.ts";
import { loadBalancerCidrs, mostReplicas, nodeCidrs } from "./options.ts";
import { type Workload, workloadKinds } from "./pods/read-workload.ts";
import type { SimulatedNode } from "./simulate-nodes.ts";
import { countOf, recordOf, textOf, type Value } from "./values.ts";

/** Reports overlapping ranges: they may give the same address twice. */
export function reportOverlaps({ settings, sink }: Draft): void {
  const { podCidrs, serviceCidrs } = settings;
  const ranges = [
    ...podCidrs.map((cidr) => ({ what: "pods", cidr })),
    ...serviceCidrs.map((cidr) => ({ what: "cluster IPs", cidr })),
    ...nodeCidrs.map((cidr) => ({ what: "Nodes", cidr })),
    ...loadBalancerCidrs.map((cidr) => ({ what: "load balancers", cidr })),
  ];
  const report = sink.reporter(createSubject());
  ranges.forEach((one, index) => {
    for (const other of ranges.slice(index + 1)) {
      if (!isOverlapping(one.cidr, other.cidr)) continue;
      const parameters = { what: one.what, range: one.cidr.text, other: other.what, otherRange: other.cidr.text };
      report("simulate-ranges-overlap", undefined, parameters);
    }
  });
}

function isOverlapping(a: Cidr, b: Cidr): boolean {
  if (a.family !== b.family) return false;
  const [wide, narrow] = a.prefix < b.prefix ? [a, b] : [b, a];
  const first = parseIp(narrow.text.split("/")[0] ?? "");
  return first !== undefined && cidrContains(wide, first);
}

/**
 * Whether the API server would accept the number of pods in a workload, and it is realistic; reports an error if not.
 */
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

/** Placeholders of a template engine have their own diagnostic. */
function isWrong(value: unknown): boolean {
  if (value === undefined || value === null || isRecord(value)) return false;
  return countOf(value) === undefined && !String(value).includes("{{");
}

export interface Named {
  readonly given: GivenObjects;
  readonly nodes: readonly SimulatedNode[];
  readonly pods: readonly Value[];
}

/** Reports names of --fail and --scale that do not exist. */
export function reportUnknownNames({ given, nodes, pods }: Named, draft: Draft): void {
  const { fail, scale } = draft.settings;
  const podNames = fail.length === 0 ? [] : pods.flatMap(namesOfPod);
  const failable = new Set([...nodes.map(({ name }) => name), ...podNames]);
  const scalable = new Set(
    workloadKinds
      .filter((kind) => kind !== "DaemonSet")
      .flatMap((kind) => given[kind].flatMap(({ key, name }) => [key, name])),
  );
  const report = draft.sink.reporter(createSubject());
  const check = (name: string, known: ReadonlySet<string>, parameters: { flag: string; what: string }): void => {
    if (known.has(name)) return;
    const near = didYouMean(name, known);
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    report("simulate-unknown-name", undefined, { ...parameters, name }, hint === undefined ? {} : { hint });
  };
  for (const name of fail) check(name, failable, { flag: "--fail", what: "Node or Pod" });
  for (const { name } of scale) check(name, scalable, { flag: "--scale", what: "workload with replicas" });
}

function namesOfPod({ metadata }: Value): readonly string[] {
  const { name, namespace } = recordOf(metadata);
  return [textOf(name) ?? "", `${textOf(namespace) ?? "default"}/${textOf(name) ?? ""}`];
}

/** Reports workloads of API versions that are no longer served: they would silently have no pods. */
export function reportOldVersions(objects: readonly InputObject[], draft: Draft): void {
  for (const input of objects) {
    const { kind, apiVersion, place } = input;
    if (!isKind(kind) || !/^(?:extensions|apps|batch)\/v\d/.test(apiVersion)) continue;
    const wanted = versionOf(kind);
    if (apiVersion === wanted) continue;
    const { name, namespace } = subjectOf(input);
    const given = { input, name, namespace, key: name, labels: {} };
    reportOn(draft, given)("workload-old-version", place, { kind, version: apiVersion, wanted });
  }
}

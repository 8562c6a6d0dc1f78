import { createSubject } from "../../diagnostics/subject.ts";
import { didYouMean } from "../../model/fields/did-you-mean.ts";
import type { InputObject } from "../../model/flatten-documents.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { type Draft, reportOn } from "../draft.ts";
import { type GivenObjects, isKind, versionOf } from "../given.ts";
import { workloadKinds } from "../pods/read-workload.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { recordOf, textOf, type Value } from "../values.ts";

export interface Named {
  readonly given: GivenObjects;
  readonly nodes: readonly SimulatedNode[];
  readonly pods: readonly Value[];
}

/** Tells of names that --fail and --scale give and nothing has. */
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

/** Tells of workloads of versions that no cluster serves any more: they would silently have no pods. */
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

import { createSink } from "../../diagnostics/diagnostic.ts";
import type { Origin } from "../../diagnostics/place.ts";
import type { SideNode } from "../../diff/side.ts";
import { isRecord, isSameValue } from "../../model/fields/fields.ts";
import { flattenDocuments } from "../../model/flatten-documents.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { namesText } from "../../report/words.ts";
import type { State } from "../read-state.ts";
import type { SideSource, SideSources } from "./read-side-sources.ts";

/** The assumptions of a diff between these two: one sentence each, without a full stop. */
export function assumedBetween({ base, head }: SideSources): readonly string[] {
  return [...servicesWithoutRules(base, head), ...overlayLimits(base, head), ...unreadPods([base, head])];
}

/** The assumptions about one side. */
export function assumedOf(source: SideSource, nodes: readonly SideNode[]): readonly string[] {
  return [...inventedIn(source), ...unknownsOf(nodes)];
}

function unreadPods(sources: readonly SideSource[]): readonly string[] {
  const isWithout = sources.some((source) => source.kind === "state" && source.state.withoutPods === true);
  return isWithout ? ["pods could not be read: endpoints are those of the cluster"] : [];
}

function inventedIn(source: SideSource): readonly string[] {
  const isInvented = source.kind === "state" && source.state.cluster.simulated > 0;
  return isInvented ? [`${source.name}: addresses, ports and endpoints that manifests lack are simulated`] : [];
}

/** If a node has no addresses, the engine reports that itself. */
function unknownsOf(nodes: readonly SideNode[]): readonly string[] {
  const names = nodes.filter(({ world }) => world.podRanges.length === 0).map(({ name }) => name);
  if (names.length === 0) return [];
  const which = names.length === 1 ? names[0] : `${names.length} nodes`;
  return [`pod CIDR of ${which} is unknown`];
}

/** What an overlay on one side of a diff does not simulate: deletions, and pods that follow changes of workloads. */
export function overlayLimits(base: SideSource, head: SideSource): readonly string[] {
  if (base.kind !== "state" || head.kind !== "state") return [];
  const { documents, overlaysFrom, valueCount } = head.state.inputs;
  // Overlays on both sides: what BASE has and HEAD lacks counts as deleted.
  if (overlaysFrom === undefined || base.state.inputs.overlaysFrom !== undefined) return [];
  const values = documents.slice(0, valueCount).map(({ value }) => value);
  const workloads = namespacesOf(values.slice(overlaysFrom), workloadKinds);
  const pods = workloads.size === 0 ? workloads : namespacesOf(values.slice(0, overlaysFrom), podKinds);
  const isActedOut = [...workloads].every((namespace) => !pods.has(namespace));
  return [
    "objects that the overlay does not name are unchanged",
    ...(isActedOut ? [] : ["pods are those of the state: changes of replicas and pod templates are not simulated"]),
  ];
}

const workloadKinds: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job"]);
const podKinds: ReadonlySet<string> = new Set(["Pod"]);

function namespacesOf(documents: readonly unknown[], kinds: ReadonlySet<string>): ReadonlySet<string> {
  const objects = flattenDocuments(documents, createSink()).filter(({ kind }) => kinds.has(kind));
  return new Set(objects.map((object) => subjectOf(object).namespace));
}

/**
 * A sentence for the Services that have no cluster IP and differ between the sides. They have no rules, so the
 * comparison does not show them.
 */
export function servicesWithoutRules(base: SideSource, head: SideSource): readonly string[] {
  const [before, after] = [withoutClusterIp(base), withoutClusterIp(head)];
  const nowhere: string[] = [];
  const onlyIn = new Map<string, string[]>();
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, young] = [before.get(name), after.get(name)];
    if (old !== undefined && young !== undefined) {
      if (!isSameValue(old, young)) nowhere.push(name);
    } else {
      const [own, other] = old === undefined ? [head, base] : [base, head];
      if (hasService(other, name)) onlyIn.set(own.name, [...(onlyIn.get(own.name) ?? []), name]);
      else nowhere.push(name);
    }
  }
  return [sentence(nowhere, ""), ...[...onlyIn].map(([side, names]) => sentence(names, ` in ${side}`))].flat();
}

function sentence(names: readonly string[], where: string): readonly string[] {
  if (names.length === 0) return [];
  const [have, them] = names.length === 1 ? ["has", "it"] : ["have", "them"];
  return [
    `${namesText(names)} ${have} no cluster IP${where}, and therefore no rules; pass --simulate to assign ${them} one`,
  ];
}

const kind = "Service ";

/** The fields that determine their rules, by `shop/web`. */
function withoutClusterIp(source: SideSource): ReadonlyMap<string, unknown> {
  if (source.kind !== "state") return new Map();
  const { sink, inputs } = source.state;
  const found = sink.diagnostics.filter(({ code }) => code === "cluster-ip-missing");
  return new Map(
    found.flatMap(({ object = "", origin }) =>
      object.startsWith(kind) ? [[object.slice(kind.length), ruleFields(inputs, origin)] as const] : [],
    ),
  );
}

function ruleFields({ documents }: State["inputs"], origin: Origin | undefined): unknown {
  if (origin === undefined) return undefined;
  // The place is that of `spec`.
  const value = origin.path.slice(0, -1).reduce(fieldOf, documents[origin.document]?.value);
  const { spec, metadata } = isRecord(value) ? value : {};
  const { labels, annotations } = isRecord(metadata) ? metadata : {};
  return { spec, labels, annotations };
}

function fieldOf(within: unknown, key: string | number): unknown {
  if (Array.isArray(within)) return within[Number(key)];
  return isRecord(within) ? within[key] : undefined;
}

function hasService(source: SideSource, wanted: string): boolean {
  if (source.kind !== "state") return false;
  return source.state.cluster.services.some(({ namespace, name }) => `${namespace}/${name}` === wanted);
}

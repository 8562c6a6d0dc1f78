import {
  createSink,
  createSubject,
  type Diagnostic,
  describeObject,
  type Report,
  type Sink,
} from "../../diagnostics/diagnostic.ts";
import { at, type Place } from "../../diagnostics/place.ts";
import { type Family, families } from "../../model/address.ts";
import type { PortRange } from "../../model/check-clashes.ts";
import type { Cluster } from "../../model/cluster.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { compareBytes, enterName, lookUp, type NameMap, namesIn } from "../../model/fields/name-map.ts";
import { flattenDocuments, type InputObject } from "../../model/flatten-documents.ts";
import type { EndpointSlice, SliceEndpoint } from "../../model/objects/endpoint-slice.ts";
import { isProxied, type Service, type ServicePort } from "../../model/objects/service.ts";
import { gatherEndpoints } from "../../plan/forwarding/endpoints.ts";
import type { Endpoint, ForwardingPlan } from "../../plan/forwarding/forwarding-plan.ts";
import type { NodeView } from "../../plan/forwarding/node-view.ts";
import { servicePortName } from "../../plan/forwarding/resolve-service-port.ts";
import type { ForwardingProgram } from "../../programs/program.ts";
import { programFor } from "../../programs/registry.ts";
import { matchesLabels } from "../../simulate/pods/matches-selector.ts";
import { findStrayNames, type StrayName } from "./node-names.ts";
import { type PodSource, readPodSources } from "./pod-sources.ts";

/** The input of the rules about cluster state. Objects with errors are left out. */
export interface CheckedState {
  readonly cluster: Cluster;
  readonly program: ForwardingProgram;
  /** In name order. */
  readonly services: readonly CheckedService[];
  /** The checked nodes; empty where the input has none. */
  readonly nodes: readonly NodeView[];
  readonly pods: readonly PodSource[];
  /** The nodeNames of endpoints that no Node has. */
  readonly strayNames: ReadonlyMap<string, StrayName>;
  /** The plan of the first node, where there is one. */
  readonly plan: ForwardingPlan | undefined;
  /** The configuration as given; undefined where there is none, or where --mode overrides its mode. */
  readonly givenConfiguration: Readonly<Record<string, unknown>> | undefined;
  readonly nodePortRange: PortRange;
}

export interface CheckedService {
  readonly service: Service;
  readonly report: Report;
  readonly isProxied: boolean;
  /** `spec` as given: it has selectors and target ports, which make no rules and are not in the model. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly slices: readonly EndpointSlice[];
  readonly ports: readonly CheckedPort[];
}

/** The place of a finding about a Service as a whole. */
export function nameOf({ place }: Service): Place {
  return at(at(place, "metadata"), "name");
}

export interface CheckedPort {
  readonly port: ServicePort;
  readonly name: string;
  /** All its endpoints on any node, ready or not. */
  readonly endpoints: Readonly<Partial<Record<Family, readonly Endpoint[]>>>;
}

export type StateRule = (state: CheckedState, sink: Sink) => void;

export interface StateToCheck
  extends Pick<CheckedState, "cluster" | "nodes" | "plan" | "givenConfiguration" | "nodePortRange"> {
  readonly documents: readonly unknown[];
  /** The diagnostics of reading the documents. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Combines the Cluster with the facts that only checks need. */
export function createCheckedState(given: StateToCheck, sink: Sink): CheckedState {
  const { cluster, documents, diagnostics, ...rest } = given;
  const objects = flattenDocuments(documents, createSink());
  const specs = specsOf(objects);
  const slices = slicesByService(cluster.slices);
  const doubtful = servicesOfBrokenSlices(objects, diagnostics);
  const services = cluster.services
    .filter(({ namespace, name }) => lookUp(doubtful, namespace, name) === undefined)
    .map((service) => checkedService(service, specs, slices, sink))
    .sort(
      (a, b) => compareBytes(a.service.namespace, b.service.namespace) || compareBytes(a.service.name, b.service.name),
    );
  return {
    ...rest,
    cluster,
    program: programFor(cluster.proxyConfiguration),
    services,
    pods: readPodSources(objects),
    strayNames: findStrayNames(cluster, objects),
  };
}

function checkedService(
  service: Service,
  specs: NameMap<Readonly<Record<string, unknown>>>,
  slices: NameMap<EndpointSlice[]>,
  sink: Sink,
): CheckedService {
  const { namespace, name } = service;
  const ours = lookUp(slices, namespace, name) ?? [];
  const used = ours.filter(({ headless }) => !headless);
  return {
    service,
    report: sink.reporter(createSubject("Service", namespace, name)),
    isProxied: isProxied(service),
    spec: lookUp(specs, namespace, name) ?? {},
    slices: ours,
    ports: service.ports.map((port) => ({
      port,
      name: servicePortName(service, port),
      endpoints: endpointsOf(service, port, used),
    })),
  };
}

function endpointsOf(service: Service, port: ServicePort, slices: readonly EndpointSlice[]): CheckedPort["endpoints"] {
  const found: Partial<Record<Family, readonly Endpoint[]>> = {};
  const used = Object.keys(service.clusterIps) as Family[];
  // Without a cluster IP it was never stored, and may get either family.
  for (const family of used.length === 0 ? families : used) {
    const ofFamily = slices.filter((slice) => slice.family === family);
    found[family] = gatherEndpoints(ofFamily, port, "", () => {});
  }
  return found;
}

function specsOf(objects: readonly InputObject[]): NameMap<Readonly<Record<string, unknown>>> {
  const specs: NameMap<Readonly<Record<string, unknown>>> = new Map();
  for (const { kind, apiVersion, value } of objects) {
    if (kind !== "Service" || apiVersion !== "v1" || !isRecord(value.metadata) || !isRecord(value.spec)) continue;
    enterName(specs, namespaceOf(value.metadata), String(value.metadata.name), value.spec);
  }
  return specs;
}

function namespaceOf(metadata: Readonly<Record<string, unknown>>): string {
  return typeof metadata.namespace === "string" && metadata.namespace !== "" ? metadata.namespace : "default";
}

function slicesByService(slices: readonly EndpointSlice[]): NameMap<EndpointSlice[]> {
  const found: NameMap<EndpointSlice[]> = new Map();
  for (const slice of slices) {
    if (slice.service === undefined) continue;
    const names = namesIn(found, slice.namespace);
    const list = names.get(slice.service);
    if (list === undefined) names.set(slice.service, [slice]);
    else list.push(slice);
  }
  return found;
}

/** A slice with errors is left out: no finding about its Service may depend on the number of endpoints. */
function servicesOfBrokenSlices(objects: readonly InputObject[], diagnostics: readonly Diagnostic[]): NameMap<true> {
  const broken = new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ object }) => object));
  const found: NameMap<true> = new Map();
  for (const { kind, value } of objects) {
    if ((kind !== "EndpointSlice" && kind !== "Endpoints") || !isRecord(value.metadata)) continue;
    const { name, labels } = value.metadata;
    const namespace = namespaceOf(value.metadata);
    if (!broken.has(describeObject(kind, namespace, String(name)))) continue;
    const service = kind === "Endpoints" ? name : isRecord(labels) && labels["kubernetes.io/service-name"];
    enterName(found, namespace, String(service), true);
  }
  return found;
}

/** All endpoints of a port, of either family. */
export function allEndpoints({ endpoints }: CheckedPort): readonly Endpoint[] {
  return families.flatMap((family) => endpoints[family] ?? []);
}

/** Ready, or serving until it is terminated: what kube-proxy may send to (KEP-1669). */
export function isUsable({ ready, serving, terminating }: SliceEndpoint): boolean {
  return ready || (serving && terminating);
}

/** The selector of a Service; undefined where it has none, and where it is not used. */
export function selectorOf({ service, spec }: CheckedService): Readonly<Record<string, string>> | undefined {
  const { selector } = spec;
  if (service.type === "ExternalName" || !isRecord(selector)) return undefined;
  const entries = Object.entries(selector).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const selections = new WeakMap<CheckedService, readonly PodSource[]>();

/** The Pods and templates that a Service selects; undefined where the input does not show them. */
export function selectedPods(checked: CheckedService, { pods }: CheckedState): readonly PodSource[] | undefined {
  const selector = selectorOf(checked);
  if (selector === undefined || pods.length === 0) return undefined;
  const known = selections.get(checked);
  if (known !== undefined) return known;
  const selected = pods.filter(
    (pod) => pod.namespace === checked.service.namespace && matchesLabels(pod.labels, selector),
  );
  selections.set(checked, selected);
  return selected;
}

/** The port of the pods as given, a number or a name; without one it is the port of the Service. */
export function targetPortOf({ spec }: CheckedService, { port, place }: ServicePort): string | number {
  const given: unknown = Array.isArray(spec.ports) ? spec.ports[Number(place.key)] : undefined;
  const target = isRecord(given) ? given.targetPort : undefined;
  if (typeof target === "number" && target > 0) return target;
  if (typeof target !== "string" || target === "") return port;
  return /^\d+$/.test(target) ? Number(target) : target;
}

import { createSubject, describeSubject, type Report, type Sink, type Subject } from "../diagnostics/diagnostic.ts";
import type { Place } from "../diagnostics/place.ts";
import { type Fields, isRecord } from "./fields/fields.ts";
import { didYouMean, type NameMap, namesIn } from "./fields/name-map.ts";
import type { InputObject } from "./flatten-documents.ts";
import type { EndpointSlice } from "./objects/endpoint-slice.ts";
import { type HostPortConfiguration, parseHostPortConfiguration } from "./objects/host-port-configuration.ts";
import { type Host, type Node, parseHost, parseNode } from "./objects/node.ts";
import { parseEndpointSlice } from "./objects/parse-endpoint-slice.ts";
import { parseEndpoints } from "./objects/parse-endpoints.ts";
import { parseService } from "./objects/parse-service.ts";
import { type Pod, parsePod } from "./objects/pod.ts";
import type { Service } from "./objects/service.ts";
import { parseServiceCidr, type ServiceCidr } from "./objects/service-cidr.ts";
import { defaultKubeProxyVersion } from "./proxy-configuration/kube-proxy-version.ts";
import { parseProxyConfiguration } from "./proxy-configuration/parse-proxy-configuration.ts";
import type { ConfigurationReader, ProxyConfiguration } from "./proxy-configuration/proxy-configuration.ts";

/** An object that has been read, and what diagnostics about it are counted on. */
export interface Read<T> {
  readonly object: T;
  readonly subject: Subject;
}

/** The objects of the input by kind, in input order. */
export interface ReadObjects {
  readonly services: Read<Service>[];
  readonly slices: Read<EndpointSlice>[];
  readonly endpoints: Read<EndpointSlice>[];
  readonly nodes: Read<Node>[];
  readonly serviceCidrs: Read<ServiceCidr>[];
  readonly hosts: Read<Host>[];
  readonly configurations: Read<ProxyConfiguration>[];
  readonly pods: Read<Pod>[];
  readonly hostPortConfigurations: Read<HostPortConfiguration>[];
  skipped: number;
}

interface Reader {
  readonly apiVersion: string;
  /** Objects that matter to host ports alone are read for these alone. */
  readonly isForHostPorts?: true;
  readonly read: (fields: Fields, subject: Subject, into: ReadObjects, reader: ConfigurationReader) => void;
}

export interface ReadOptions extends ConfigurationReader {
  /** Read what host ports are compiled of. */
  readonly hostPorts?: boolean | undefined;
}

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    "Service",
    { apiVersion: "v1", read: (fields, subject, into) => keep(into.services, parseService(fields), subject) },
  ],
  [
    "EndpointSlice",
    {
      apiVersion: "discovery.k8s.io/v1",
      read: (fields, subject, into) => keep(into.slices, parseEndpointSlice(fields), subject),
    },
  ],
  [
    "Endpoints",
    {
      apiVersion: "v1",
      read: (fields, subject, into) => {
        for (const slice of parseEndpoints(fields)) keep(into.endpoints, slice, subject);
      },
    },
  ],
  ["Node", { apiVersion: "v1", read: (fields, subject, into) => keep(into.nodes, parseNode(fields), subject) }],
  [
    "ServiceCIDR",
    {
      apiVersion: "networking.k8s.io/v1",
      read: (fields, subject, into) => keep(into.serviceCidrs, parseServiceCidr(fields), subject),
    },
  ],
  [
    "Host",
    { apiVersion: "portolan/v1alpha1", read: (fields, subject, into) => keep(into.hosts, parseHost(fields), subject) },
  ],
  [
    "KubeProxyConfiguration",
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      read: (fields, subject, into, reader) =>
        keep(into.configurations, parseProxyConfiguration(fields, reader), subject),
    },
  ],
  [
    "Pod",
    {
      apiVersion: "v1",
      isForHostPorts: true,
      read: (fields, subject, into) => keep(into.pods, parsePod(fields), subject),
    },
  ],
  [
    "HostPortConfiguration",
    {
      apiVersion: "portolan/v1alpha1",
      isForHostPorts: true,
      read: (fields, subject, into) => keep(into.hostPortConfigurations, parseHostPortConfiguration(fields), subject),
    },
  ],
]);

function keep<T>(into: Read<T>[], object: T | undefined, subject: Subject): void {
  if (object !== undefined) into.push({ object, subject });
}

/** Reads every object of a known kind. Objects of other kinds are counted. */
export function readObjects(inputs: readonly InputObject[], by: ReadOptions, sink: Sink): ReadObjects {
  const objects: ReadObjects = {
    services: [],
    slices: [],
    endpoints: [],
    nodes: [],
    serviceCidrs: [],
    hosts: [],
    configurations: [],
    pods: [],
    hostPortConfigurations: [],
    skipped: 0,
  };
  const seen: Seen = new Map();
  for (const input of inputs) {
    const reader = readerOf(input, by);
    const subject = subjectOf(input);
    const report = sink.reporter(subject);
    if (reader === undefined) {
      objects.skipped += 1;
      warnUnread(input, report);
      continue;
    }
    reportDuplicate(input, subject, seen, report);
    reader.read({ value: input.value, place: input.place, report }, subject, objects, by);
  }
  return objects;
}

/** Where each name was first given, by kind and namespace. */
type Seen = Map<string, NameMap<Place>>;

/** kube-proxy's configuration has no name; the input may contain several, of which one is selected. */
function reportDuplicate(input: InputObject, subject: Subject, seen: Seen, report: Report): void {
  if (subject.name === "") return;
  const places: NameMap<Place> = seen.get(subject.kind) ?? new Map();
  if (places.size === 0) seen.set(subject.kind, places);
  const names = namesIn(places, subject.namespace);
  const first = names.get(subject.name);
  if (first === undefined) names.set(subject.name, input.place);
  else {
    const related = [{ message: "first definition", place: first }];
    report("object-duplicate", input.place, { object: describeSubject(subject) }, { related });
  }
}

function readerOf(input: InputObject, { hostPorts = false }: ReadOptions): Reader | undefined {
  const reader = readers.get(input.kind);
  if (reader?.apiVersion !== input.apiVersion) return undefined;
  return reader.isForHostPorts === true && !hostPorts ? undefined : reader;
}

/** Whether objects of this kind and version are read, whatever is compiled. */
export function isRead(input: InputObject): boolean {
  return readerOf(input, { mode: undefined, version: defaultKubeProxyVersion }) !== undefined;
}

const clusterScoped = new Set(["Node", "ServiceCIDR", "Host", "HostPortConfiguration", "KubeProxyConfiguration"]);

/** The subject of an object before it is read: its metadata is not checked yet. */
export function subjectOf({ value, kind }: InputObject): Subject {
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const namespace = clusterScoped.has(kind) ? "" : textOf(metadata.namespace) || "default";
  return createSubject(kind, namespace, kind === "KubeProxyConfiguration" ? "" : textOf(metadata.name));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Kinds of the core group that nothing here reads. */
const otherCoreKinds = new Set(
  "Binding ComponentStatus ConfigMap Event LimitRange List Namespace PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret ServiceAccount".split(
    " ",
  ),
);

/** Warns about objects of an ignored kind or version that look like ones that should be read. */
function warnUnread({ apiVersion, kind, place }: InputObject, report: Report): void {
  if (apiVersion === "discovery.k8s.io/v1beta1" && kind === "EndpointSlice") {
    report("kind-deprecated-version", place, { kind, version: apiVersion, wanted: "discovery.k8s.io/v1" });
  } else if (/^kustomize\.config\.k8s\.io\//.test(apiVersion) && kind === "Kustomization") {
    report("kustomization-not-built", place, {});
  } else if (/^v\d\w*$/.test(apiVersion) && !(apiVersion === "v1" && otherCoreKinds.has(kind))) {
    const near = didYouMean(kind, readers.keys());
    if (near === undefined) return;
    report(
      "kind-unknown",
      place,
      { kind, version: apiVersion },
      { hint: `did you mean ${near} of ${versionOf(near)}?` },
    );
  }
}

function versionOf(kind: string): string {
  return readers.get(kind)?.apiVersion ?? "";
}

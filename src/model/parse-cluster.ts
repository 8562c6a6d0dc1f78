import { createSubject, describeSubject, type Sink } from "../diagnostics/diagnostic.ts";
import { documentPlace, originOf } from "../diagnostics/place.ts";
import { checkAddressClashes, checkNodePortClashes, type PortRange } from "./check-clashes.ts";
import type { Cluster } from "./cluster.ts";
import { applyOverlay } from "./documents/apply-overlay.ts";
import { isRecord, typeAndValue } from "./fields/fields.ts";
import { enterName, lookUp, type NameMap } from "./fields/name-map.ts";
import { type DocumentRoles, flattenDocuments } from "./flatten-documents.ts";
import { checkSlices } from "./objects/check-slices.ts";
import type { EndpointSlice } from "./objects/endpoint-slice.ts";
import { type HostPortConfiguration, parseCniConfig } from "./objects/host-port-configuration.ts";
import { defaultConfigurationFor, type ProxyConfiguration } from "./proxy-configuration/proxy-configuration.ts";
import { type Read, type ReadObjects, type ReadOptions, readObjects } from "./read-objects.ts";
import { reportSimulated } from "./simulated.ts";

export interface ParseOptions extends DocumentRoles, ReadOptions {
  /** The API server's --service-node-port-range. */
  readonly nodePortRange: PortRange;
  /** Leave objects with errors out, instead of stopping. */
  readonly keepGoing: boolean;
}

/** Reads documents into a Cluster. All problems are reported; the Cluster holds what could be read. */
export function parseCluster(documents: readonly unknown[], options: ParseOptions, sink: Sink): Cluster {
  const inputs = applyOverlay(flattenDocuments(objectsIn(documents, options), sink), options, sink);
  const objects = readObjects(inputs, options, sink);
  const slices = [...objects.slices, ...endpointsWithoutSlices(objects)];
  checkNodePortClashes(objects.services, options.nodePortRange, sink);
  checkAddressClashes(objects.services, sink);
  checkSlices(objects.services, slices, sink);
  if (objects.services.length > 0 && slices.length === 0) {
    sink.reporter(createSubject())("no-endpoint-objects", undefined, {});
  }
  const keep = <T>(read: readonly Read<T>[]): readonly T[] => withoutBroken(read, options.keepGoing, sink);
  return {
    services: keep(objects.services),
    slices: keep(slices),
    nodes: keep(objects.nodes),
    serviceCidrs: keep(objects.serviceCidrs),
    hosts: keep(objects.hosts),
    pods: keep(objects.pods),
    hostPortConfiguration: cniConfiguration(documents, options, sink) ?? keep(objects.hostPortConfigurations)[0],
    proxyConfiguration: chooseConfiguration(objects.configurations, documents, options, sink),
    isConfigurationBroken: objects.configurations.some(({ subject }) => subject.errors > 0),
    simulated: reportSimulated(inputs, options, sink),
    read: inputs.length - objects.skipped,
    skipped: objects.skipped,
  };
}

/** The documents without the one that is no Kubernetes object; the others keep their numbers. */
function objectsIn(documents: readonly unknown[], { cniConfigDocument }: DocumentRoles): readonly unknown[] {
  if (cniConfigDocument === undefined) return documents;
  const nothing = { apiVersion: "v1", kind: "List", items: [] };
  return documents.map((document, number) => (number === cniConfigDocument ? nothing : document));
}

function cniConfiguration(
  documents: readonly unknown[],
  { cniConfigDocument: number }: DocumentRoles,
  sink: Sink,
): HostPortConfiguration | undefined {
  if (number === undefined) return undefined;
  const value = documents[number];
  const [place, report] = [documentPlace(number), sink.reporter(createSubject())];
  if (isRecord(value)) return parseCniConfig({ value, place, report });
  report("document-not-a-mapping", place, { got: typeAndValue(value) });
  return undefined;
}

/** Endpoints count only for a Service that has no slice, as slices are made of them otherwise. */
function endpointsWithoutSlices(objects: ReadObjects): readonly Read<EndpointSlice>[] {
  if (objects.endpoints.length === 0) return [];
  const sliced: NameMap<true> = new Map();
  for (const { object } of objects.slices) enterName(sliced, object.namespace, object.service ?? "", true);
  return objects.endpoints.filter(({ object }) => lookUp(sliced, object.namespace, object.name) === undefined);
}

function withoutBroken<T>(read: readonly Read<T>[], keepGoing: boolean, sink: Sink): readonly T[] {
  const kept: T[] = [];
  for (const { object, subject } of read) {
    if (!keepGoing || subject.errors === 0) kept.push(object);
    else sink.reporter(subject)("object-skipped", undefined, { object: describeSubject(subject) });
  }
  return kept;
}

function chooseConfiguration(
  found: readonly Read<ProxyConfiguration>[],
  documents: readonly unknown[],
  options: ParseOptions,
  sink: Sink,
): ProxyConfiguration {
  const isChosen = ({ place }: ProxyConfiguration): boolean =>
    place !== undefined && originOf(place).document === options.proxyConfigDocument;
  const chosen = found.find(({ object }) => isChosen(object));
  if (chosen !== undefined) return chosen.object;
  if (options.proxyConfigDocument !== undefined) reportWrongKind(documents, options.proxyConfigDocument, sink);
  const [first, second] = found;
  if (second !== undefined) sink.reporter(second.subject)("proxy-config-several", second.object.place, {});
  return first?.object ?? defaultConfigurationFor(options);
}

/** The document that was named as the configuration is none; kube-proxy would not start with it. */
function reportWrongKind(documents: readonly unknown[], number: number, sink: Sink): void {
  const document = documents[number];
  const { kind, apiVersion } = isRecord(document) ? document : {};
  const name = (given: unknown): string => (typeof given === "string" ? given : "nothing");
  const got = `${name(kind)} of ${name(apiVersion)}`;
  sink.reporter(createSubject())("proxy-config-wrong-kind", documentPlace(number), { got });
}

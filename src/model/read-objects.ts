import type { Report, Sink } from "../diagnostics/diagnostic.ts";
import { originOf } from "../diagnostics/place.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { type Fields, isRecord } from "./fields.ts";
import type { InputObject } from "./flatten-documents.ts";
import { describeObject } from "./names.ts";
import type { Host, Node } from "./node.ts";
import { parseEndpointSlice } from "./parse-endpoint-slice.ts";
import { parseEndpoints } from "./parse-endpoints.ts";
import { parseHost, parseNode } from "./parse-node.ts";
import { parseProxyConfiguration } from "./parse-proxy-configuration.ts";
import { parseService } from "./parse-service.ts";
import type { ProxyConfiguration, ProxyMode } from "./proxy-configuration.ts";
import type { Service } from "./service.ts";

/** An object that has been read, how messages call it, and whom to tell about it. */
export interface Read<T> {
  readonly object: T;
  readonly label: string;
  readonly report: Report;
  /** How many errors were reported on it so far. */
  readonly faults: { errors: number };
}

/** The objects of the input by kind, in input order. */
export interface ReadObjects {
  readonly services: Read<Service>[];
  readonly slices: Read<EndpointSlice>[];
  readonly endpoints: Read<EndpointSlice>[];
  readonly nodes: Read<Node>[];
  readonly hosts: Read<Host>[];
  readonly configurations: Read<ProxyConfiguration>[];
  skipped: number;
}

type Reader = (fields: Fields, keep: Keep, mode: ProxyMode | undefined) => void;
type Keep = <T>(into: (objects: ReadObjects) => Read<T>[], object: T | undefined) => void;

const readers: Readonly<Record<string, Reader>> = {
  "v1 Service": (fields, keep) => keep((o) => o.services, parseService(fields)),
  "discovery.k8s.io/v1 EndpointSlice": (fields, keep) => keep((o) => o.slices, parseEndpointSlice(fields)),
  "v1 Endpoints": (fields, keep) => {
    for (const slice of parseEndpoints(fields)) keep((o) => o.endpoints, slice);
  },
  "v1 Node": (fields, keep) => keep((o) => o.nodes, parseNode(fields)),
  "portolan/v1alpha1 Host": (fields, keep) => keep((o) => o.hosts, parseHost(fields)),
  "kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration": (fields, keep, mode) =>
    keep((o) => o.configurations, parseProxyConfiguration(withMode(fields, mode))),
};

/** Flags stand over the file: what the file says of the mode is not even looked at then. */
function withMode(fields: Fields, mode: ProxyMode | undefined): Fields {
  return mode === undefined ? fields : { ...fields, value: { ...fields.value, mode } };
}

/** Reads every object of a known kind. Objects of other kinds are counted. `mode` overrides the configuration's. */
export function readObjects(inputs: readonly InputObject[], mode: ProxyMode | undefined, sink: Sink): ReadObjects {
  const objects: ReadObjects = {
    services: [],
    slices: [],
    endpoints: [],
    nodes: [],
    hosts: [],
    configurations: [],
    skipped: 0,
  };
  const seen = new Map<string, InputObject>();
  for (const input of inputs) {
    const reader = readers[`${input.apiVersion} ${input.kind}`];
    if (reader === undefined) {
      objects.skipped += 1;
      warnOldVersion(input, sink);
      continue;
    }
    const label = labelOf(input);
    const faults = { errors: 0 };
    const report = sink.reporter(label, () => {
      faults.errors += 1;
    });
    reportDuplicate(input, label, seen, report);
    reader(
      { value: input.value, place: input.place, report },
      (into, object) => {
        if (object !== undefined) into(objects).push({ object, label, report, faults });
      },
      mode,
    );
  }
  return objects;
}

/** kube-proxy's configuration has no name; there may be several in the input, of which one is chosen. */
function reportDuplicate(input: InputObject, label: string, seen: Map<string, InputObject>, report: Report): void {
  if (input.kind === "KubeProxyConfiguration") return;
  const first = seen.get(label);
  if (first === undefined) seen.set(label, input);
  else
    report(
      "object-duplicate",
      input.place,
      { object: label },
      { related: [{ message: "first given", place: first.place }] },
    );
}

const clusterScoped = new Set(["Node", "Host"]);

function labelOf(input: InputObject): string {
  const metadata = isRecord(input.value.metadata) ? input.value.metadata : {};
  const namespace = clusterScoped.has(input.kind) ? "" : textOf(metadata.namespace) || "default";
  if (input.kind === "KubeProxyConfiguration") return input.kind;
  // An object without a name is told from others by its place.
  const origin = originOf(input.place);
  const name = textOf(metadata.name) || `(without a name, ${origin.document}.${origin.path.join(".")})`;
  return describeObject(input.kind, namespace, name);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function warnOldVersion(input: InputObject, sink: Sink): void {
  if (input.apiVersion !== "discovery.k8s.io/v1beta1" || input.kind !== "EndpointSlice") return;
  sink.reporter(labelOf(input))("kind-deprecated-version", input.place, {
    kind: input.kind,
    version: input.apiVersion,
    wanted: "discovery.k8s.io/v1",
  });
}

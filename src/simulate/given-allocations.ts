import { createSink } from "../diagnostics/diagnostic.ts";
import { isRecord } from "../model/fields/fields.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { subjectOf } from "../model/read-objects.ts";
import type { Allocations } from "./allocate.ts";
import { claimsOf } from "./claims.ts";
import { sortGiven } from "./draft.ts";
import { settingsOf } from "./options.ts";
import { recordOf, recordsOf, textOf, textsOf, type Value } from "./values.ts";

/** What a cluster has allocated to the Services of a state, by the names that a simulation gives allocations. */
export function givenAllocations(documents: readonly unknown[]): Allocations {
  const held: Allocations = new Map();
  for (const service of sortGiven(flattenDocuments(documents, createSink())).Service) {
    const { value } = service.input;
    // Without what the cluster has filled in, the Service claims all of it.
    const claims = claimsOf(
      { ...service, input: { ...service.input, value: withoutAllocations(value) } },
      settingsOf({}),
    );
    const spec = recordOf(value.spec);
    const several = textsOf(spec.clusterIPs);
    const addresses = several.length > 0 ? several : textsOf([spec.clusterIP]);
    enter(Object.values(claims.clusterIps).flat(), addresses, held);
    const ingresses = recordsOf(recordOf(recordOf(value.status).loadBalancer).ingress);
    enter(
      Object.values(claims.loadBalancerIps).flat(),
      ingresses.flatMap(({ ip }) => textOf(ip) ?? []),
      held,
    );
    for (const [index, name] of claims.nodePorts) {
      const { nodePort } = recordsOf(spec.ports)[index] ?? {};
      if (typeof nodePort === "number") held.set(name, String(nodePort));
    }
    const { healthCheckNodePort } = spec;
    if (typeof healthCheckNodePort === "number") enter(claims.healthCheck ?? [], [String(healthCheckNodePort)], held);
  }
  return held;
}

function enter(names: readonly string[], values: readonly string[], held: Allocations): void {
  names.forEach((name, index) => {
    const value = values[index];
    if (value !== undefined) held.set(name, value);
  });
}

function withoutAllocations({ status: _, ...value }: Value): Value {
  const { clusterIP: __, clusterIPs: ___, healthCheckNodePort: ____, ...spec } = recordOf(value.spec);
  const ports = recordsOf(spec.ports).map(({ nodePort: _____, ...port }) => port);
  return { ...value, spec: { ...spec, ports } };
}

/** Kinds that a bare side of a comparison takes from the other side. */
const shared: ReadonlySet<string> = new Set(["Node", "Host", "KubeProxyConfiguration"]);

/** The objects of a state that hold for manifests in it too: its Nodes, its configuration, and the endpoints of their Services. */
export function objectsFor(documents: readonly unknown[], state: readonly unknown[]): readonly object[] {
  const own = flattenDocuments(documents, createSink());
  const services = new Set(own.filter(({ kind }) => kind === "Service").map((object) => keyOf(object)));
  const hasConfiguration = own.some(({ kind }) => kind === "KubeProxyConfiguration");
  return flattenDocuments(state, createSink()).flatMap(({ apiVersion, kind, value, ...object }) => {
    const isOfService =
      (kind === "EndpointSlice" && services.has(`${namespaceOf(value)}/${serviceOf(value)}`)) ||
      (kind === "Endpoints" && services.has(keyOf({ apiVersion, kind, value, ...object })));
    const isShared = shared.has(kind) && !(kind === "KubeProxyConfiguration" && hasConfiguration);
    return isShared || isOfService ? [{ apiVersion, kind, ...value }] : [];
  });
}

function keyOf(object: Parameters<typeof subjectOf>[0]): string {
  const { namespace, name } = subjectOf(object);
  return `${namespace}/${name}`;
}

function namespaceOf({ metadata }: Value): string {
  return textOf(recordOf(metadata).namespace) ?? "default";
}

function serviceOf({ metadata }: Value): string {
  const labels = recordOf(metadata).labels;
  return (isRecord(labels) ? textOf(labels["kubernetes.io/service-name"]) : undefined) ?? "";
}

import { createSink, type Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import type { Allocations } from "../../src/simulate/allocate.ts";
import type { SimulateOptions } from "../../src/simulate/options.ts";
import { simulateDocuments } from "../../src/simulate/simulate-documents.ts";
import { makeService } from "./cluster-objects.ts";

// biome-ignore lint/suspicious/noExplicitAny: what tests look at has the API's shape
export type Loose = any;

export interface SimulatedState {
  readonly objects: readonly Loose[];
  readonly diagnostics: readonly Diagnostic[];
  readonly held: Allocations;
  readonly of: (kind: string, name?: string) => readonly Loose[];
}

/** Simulates objects as they stand, without overlays. */
export function simulated(
  documents: readonly unknown[],
  options: SimulateOptions = {},
  held: Allocations = new Map(),
): SimulatedState {
  const sink = createSink();
  const roles = { proxyConfigDocument: undefined, overlaysFrom: undefined };
  const result = simulateDocuments(documents, { roles, options, held }, sink);
  const objects: readonly Loose[] = [...result.documents, ...result.invented.map(({ value }) => value)];
  return {
    objects,
    diagnostics: sink.diagnostics,
    held: result.held,
    of: (kind, name) =>
      objects.filter((object) => object.kind === kind && (name === undefined || object.metadata.name === name)),
  };
}

export interface WorkloadShape {
  readonly kind?: string;
  readonly name?: string;
  readonly replicas?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly podSpec?: object;
  readonly spec?: object;
}

export function workload({ kind = "Deployment", name = "web", replicas = 1, ...shape }: WorkloadShape = {}): object {
  const labels = shape.labels ?? { app: name };
  const containers = [{ name: "main", ports: [{ name: "http", containerPort: 8080 }] }];
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "shop" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers, ...shape.podSpec } },
      ...shape.spec,
    },
  };
}

/** A Service of the workload of the same name. */
export function service(name = "web", spec: object = {}): object {
  return makeService(name, { selector: { app: name }, ports: [{ port: 80, targetPort: "http" }], ...spec });
}

/** The endpoints of a Service's slices, in order. */
export function endpointsOf({ of }: SimulatedState, name = "web"): readonly Loose[] {
  return slicesOf(of, name).flatMap(({ endpoints }) => endpoints);
}

export function slicesOf(of: SimulatedState["of"], name = "web"): readonly Loose[] {
  return of("EndpointSlice").filter(({ metadata }) => metadata.labels["kubernetes.io/service-name"] === name);
}

const sorted = (list: readonly unknown[]): readonly string[] => list.map((item) => JSON.stringify(item)).sort();

function comparableEndpoint({ addresses, conditions, targetRef, hints, ...rest }: Loose): readonly unknown[] {
  return [
    addresses,
    [conditions.ready, conditions.serving, conditions.terminating],
    [targetRef?.kind, targetRef?.namespace, targetRef?.name],
    [rest.nodeName, rest.zone, rest.hostname, hints?.forZones, hints?.forNodes],
  ];
}

/**
 * EndpointSlices by Service, family and ports, without their names and without the order of what is in them. Which
 * endpoint stands in which slice of several says nothing; how many stand in each does.
 */
export function comparableSlices(slices: readonly Loose[]): readonly string[] {
  const groups = new Map<string, { readonly key: object; readonly sizes: number[]; readonly endpoints: unknown[] }>();
  for (const { metadata, addressType, ports, endpoints } of slices) {
    const { "kubernetes.io/service-name": service, "service.kubernetes.io/headless": headless } = metadata.labels;
    const ownPorts = (ports ?? []).map(({ name, port, protocol, appProtocol }: Loose) => [
      name,
      port,
      protocol,
      appProtocol,
    ]);
    const key = { service, headless, addressType, ports: sorted(ownPorts) };
    const text = JSON.stringify(key);
    const group = groups.get(text) ?? { key, sizes: [], endpoints: [] };
    group.sizes.push((endpoints ?? []).length);
    group.endpoints.push(...(endpoints ?? []).map(comparableEndpoint));
    groups.set(text, group);
  }
  return sorted(
    [...groups.values()].map(({ key, sizes, endpoints }) => ({
      ...key,
      sizes: sizes.sort((a, b) => a - b),
      endpoints: sorted(endpoints),
    })),
  );
}

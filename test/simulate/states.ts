import { createSink, type Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import type { Holdings } from "../../src/simulate/allocate.ts";
import type { SimulateOptions } from "../../src/simulate/options.ts";
import { simulateDocuments } from "../../src/simulate/simulate-documents.ts";

// biome-ignore lint/suspicious/noExplicitAny: what tests look at has the API's shape
export type Loose = any;

export interface SimulatedState {
  readonly objects: readonly Loose[];
  readonly diagnostics: readonly Diagnostic[];
  readonly held: Holdings;
  readonly of: (kind: string, name?: string) => readonly Loose[];
}

/** Simulates objects as they stand, without overlays. */
export function simulated(
  documents: readonly unknown[],
  options: SimulateOptions = {},
  held: Holdings = new Map(),
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

export function service(name = "web", spec: object = {}): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop" },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: "http" }], ...spec },
  };
}

/** The endpoints of a Service's slices, in order. */
export function endpointsOf({ of }: SimulatedState, name = "web"): readonly Loose[] {
  return slicesOf(of, name).flatMap(({ endpoints }) => endpoints);
}

export function slicesOf(of: SimulatedState["of"], name = "web"): readonly Loose[] {
  return of("EndpointSlice").filter(({ metadata }) => metadata.labels["kubernetes.io/service-name"] === name);
}

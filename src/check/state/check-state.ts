import { type CompileOptions, readCluster } from "../../compile/compile.ts";
import type { Code } from "../../diagnostics/catalog.ts";
import { createSink, type Diagnostic, describeObject, type Sink } from "../../diagnostics/diagnostic.ts";
import { originOf } from "../../diagnostics/place.ts";
import { printable } from "../../diagnostics/printable.ts";
import { defaultNodePortRange } from "../../model/check-clashes.ts";
import type { Cluster } from "../../model/cluster.ts";
import { isRecord, objectAt, valueAt } from "../../model/fields/fields.ts";
import type { DocumentRoles } from "../../model/flatten-documents.ts";
import { isProxied } from "../../model/objects/service.ts";
import type { ProxyConfiguration, ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { checkNodes } from "./check-nodes.ts";
import { type CheckedState, createCheckedState, type StateRule, type StateToCheck } from "./checked-state.ts";
import { deprecations } from "./rules/deprecations.ts";
import { endpoints } from "./rules/endpoints.ts";
import { hostPortShared, hostPortsBesideServices, hostPortsOfPods } from "./rules/host-ports.ts";
import { rulesPerPacket, sessionAffinity } from "./rules/limits.ts";
import { loadBalancerBypassed, sourceRangesBypassed, sourceRangesWithoutCluster } from "./rules/load-balancers.ts";
import { localPolicies } from "./rules/local-policies.ts";
import { addressesOfNodes, nodeNames } from "./rules/nodes.ts";
import { selectorMatchesNothing, severalWorkloads, targetPortUnknown } from "./rules/selected-pods.ts";
import { topologyHints } from "./rules/topology-hints.ts";

const rules: readonly StateRule[] = [
  addressesOfNodes,
  hostPortShared,
  hostPortsOfPods,
  hostPortsBesideServices,
  sourceRangesBypassed,
  sourceRangesWithoutCluster,
  loadBalancerBypassed,
  selectorMatchesNothing,
  severalWorkloads,
  targetPortUnknown,
  endpoints,
  nodeNames,
  localPolicies,
  topologyHints,
  sessionAffinity,
  rulesPerPacket,
  deprecations,
];

/** Reports mistakes in cluster state that an API server accepts. */
export function checkState(given: StateToCheck, sink: Sink): void {
  const state: CheckedState = createCheckedState(given, sink);
  for (const rule of rules) rule(state, sink);
}

export interface ClusterToCheck {
  /** Objects as JSON.parse gives them. */
  readonly documents: readonly unknown[];
  readonly roles: DocumentRoles;
  readonly options: CompileOptions;
  /** Undefined: every node of the input. */
  readonly node: string | undefined;
}

export interface CheckedCluster {
  readonly mode: ProxyMode;
  readonly nodes: readonly string[];
  readonly cluster: Cluster;
  /** Notes about the state that are not findings. */
  readonly notes: readonly Diagnostic[];
}

/** All findings about cluster state: the diagnostics of compiling, and those of the check rules. */
export function checkCluster(given: ClusterToCheck, sink: Sink): CheckedCluster {
  const { documents, roles, options } = given;
  const found = createSink();
  const cluster = readCluster(documents, roles, { ...options, keepGoing: true }, found);
  const { mode } = cluster.proxyConfiguration;
  const names = given.node === undefined ? cluster.nodes.map(({ name }) => name).sort() : [given.node];
  if (!cluster.isConfigurationBroken) {
    const { views, plan } = checkNodes(cluster, { names, families: options.families }, found);
    const given = givenConfiguration(documents, cluster.proxyConfiguration);
    const givenMode = options.mode === undefined ? given : undefined;
    const read = {
      documents,
      diagnostics: found.diagnostics,
      cluster,
      nodes: views,
      plan,
      givenConfiguration: givenMode,
      nodePortRange: options.nodePortRange ?? defaultNodePortRange,
    };
    checkState(read, sink);
  }
  const told = findingsAmong(found.diagnostics, cluster);
  sink.diagnostics.unshift(...told.map((diagnostic) => withObject(diagnostic, documents)));
  return { mode, nodes: names, cluster, notes: found.diagnostics.filter(({ code }) => code === "state-simulated") };
}

function givenConfiguration(
  documents: readonly unknown[],
  { place }: ProxyConfiguration,
): Readonly<Record<string, unknown>> | undefined {
  const value = place === undefined ? undefined : valueAt(documents, originOf(place));
  return isRecord(value) ? value : undefined;
}

/** Lowering reports service ports, not objects; the place identifies the field. */
function withObject(diagnostic: Diagnostic, documents: readonly unknown[]): Diagnostic {
  if (diagnostic.object !== undefined || diagnostic.origin === undefined) return diagnostic;
  const value = objectAt(documents, diagnostic.origin);
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : {};
  if (!isRecord(value) || typeof value.kind !== "string" || typeof metadata.name !== "string") return diagnostic;
  const namespace = value.kind === "Node" ? "" : String(metadata.namespace ?? "default");
  return { ...diagnostic, object: printable(describeObject(value.kind, namespace, metadata.name)) };
}

/** Fields that a cluster fills in are missing in manifests that are not applied yet: that is no mistake. */
const filledInByClusters: ReadonlySet<Code> = new Set<Code>([
  "cluster-ip-missing",
  "node-port-missing",
  "health-check-node-port-missing",
]);

/**
 * Removes what is not a finding. Shared addresses are reported when the state is read, and in ipvs mode by lowering,
 * which knows the owner of the virtual server.
 */
function findingsAmong(diagnostics: readonly Diagnostic[], { services }: Cluster): readonly Diagnostic[] {
  const keyOf = ({ origin }: Diagnostic): string => JSON.stringify(origin ?? null);
  const told = new Set(diagnostics.filter(({ code }) => code === "virtual-server-shared").map(keyOf));
  const isStored = services.some((service) => isProxied(service) && Object.keys(service.clusterIps).length > 0);
  return diagnostics.filter((diagnostic) => {
    const { code, severity } = diagnostic;
    if (severity === "info" || filledInByClusters.has(code)) return false;
    if (code === "no-endpoint-objects") return isStored;
    return !(code === "vip-shared" && told.has(keyOf(diagnostic)));
  });
}

import type { Report } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import { type Family, familyNames, isLoopback } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { compareBytes, lookUp, type NameMap, namesIn } from "../../model/fields/name-map.ts";
import { type EndpointSlice, placeOfEndpoint } from "../../model/objects/endpoint-slice.ts";
import { isProxied, type Service, type ServicePort, type Vip } from "../../model/objects/service.ts";
import { versionTraits } from "../../model/proxy-configuration/kube-proxy-version.ts";
import type { ProxyConfiguration } from "../../model/proxy-configuration/proxy-configuration.ts";
import { gatherEndpoints, type OnConflict } from "./endpoints.ts";
import type {
  Endpoint,
  FamilyPlan,
  FamilySettings,
  ForwardingPlan,
  LocalTrafficDetector,
  LoopbackNodePorts,
  NodePortScope,
  ProgramTraits,
  ServicePortPlan,
} from "./forwarding-plan.ts";
import { nodePortAddresses, resolveNodePortScope } from "./node-port-scope.ts";
import { type NodeView, resolveLocalTrafficDetectors } from "./node-view.ts";
import { resolveServicePort, type ServicePortContext, servicePortName } from "./resolve-service-port.ts";

/** From this many endpoints on, kube-proxy leaves comments out of the rules of endpoints. */
export const largeClusterEndpoints = 1000;

/** The node, families and program that a plan is for. */
export interface PlanTarget {
  readonly view: NodeView;
  /** Default: those of the view. */
  readonly families: readonly Family[] | undefined;
  readonly traits: ProgramTraits;
}

/** Answers every question about what this node does with each service port. */
export function resolvePlan(cluster: Cluster, target: PlanTarget, report: Report): ForwardingPlan {
  const { proxyConfiguration: config } = cluster;
  const { view, families, traits } = target;
  const node: NodeContext = {
    cluster,
    ...target,
    services: cluster.services.filter(isProxied).sort(byName),
    localDetectors: resolveLocalTrafficDetectors(config, view, report),
    localhostNodePorts: resolveLoopback(config, view, traits),
  };
  if (!config.allowExternalIps) reportDisabledExternalIps(node.services, report);
  return {
    node: view.name,
    traits,
    families: (families ?? view.families).map((family) => resolveFamily(family, node, report)),
    localhostNodePorts: node.localhostNodePorts,
    ipvs: config.ipvs,
  };
}

/** What is common to all families of a node. */
interface NodeContext extends PlanTarget {
  readonly cluster: Cluster;
  /** In name order. */
  readonly services: readonly Service[];
  readonly localDetectors: Readonly<Partial<Record<Family, LocalTrafficDetector>>>;
  readonly localhostNodePorts: LoopbackNodePorts;
}

function resolveLoopback(config: ProxyConfiguration, view: NodeView, traits: ProgramTraits): LoopbackNodePorts {
  const { containsLoopback } = resolveNodePortScope(config.nodePortAddresses, "ipv4", view, traits);
  if (!config.localhostNodePorts || !containsLoopback) return "off";
  return traits.nodePortsOnLoopback ? "served" : "ignored";
}

function resolveFamily(family: Family, node: NodeContext, report: Report): FamilyPlan {
  const { cluster, view, traits, services, localDetectors, localhostNodePorts } = node;
  const { proxyConfiguration: config } = cluster;
  const { scope } = resolveNodePortScope(config.nodePortAddresses, family, view, traits);
  const served = services.filter((service) => service.clusterIps[family] !== undefined);
  const localDetector = localDetectors[family];
  reportFamily({ family, served, scope, canTellPods: localDetector !== undefined, config }, report);
  const context = { cluster, view, family, traits, slices: slicesByService(cluster.slices, family) };
  const version = versionTraits(config.version);
  const settings: FamilySettings = {
    family,
    localDetector,
    masqueradeAll: config.masqueradeAll,
    masqueradeMark: 2 ** config.masqueradeBit,
    randomFully: version.alwaysRandomFully || view.features.randomFully,
    dropsInvalid: !config.tcpBeLiberal,
    nfacct: view.features.nfacct,
    nodePorts: scope,
    hostAddresses: view.hostAddresses.filter((ip) => ip.family === family && !isLoopback(ip)),
    localhostNodePorts: family === "ipv4" && localhostNodePorts === "served",
    serviceCidrs: serviceCidrsOf(cluster, family),
    version,
    largeCluster: traits.endpointComments && isLargeCluster(served, context),
  };
  const servesNodePorts = nodePortAddresses(settings).length > 0;
  return {
    family,
    settings,
    servicePorts: {
      [Symbol.iterator]: () => resolveServicePorts(served, { ...context, servesNodePorts }, report),
    },
    portsOf: (service) => {
      const own = served.filter((each) => each === service);
      return resolveServicePorts(own, { ...context, servesNodePorts }, report);
    },
  };
}

function serviceCidrsOf({ serviceCidrs }: Cluster, family: Family): FamilySettings["serviceCidrs"] {
  return [...serviceCidrs]
    .sort((a, b) => compareBytes(a.name, b.name))
    .flatMap((object) => object.cidrs.map((cidr) => ({ cidr, object })))
    .filter(({ cidr }) => cidr.family === family);
}

/** The input for finding the endpoints of a service port. */
interface EndpointsContext {
  readonly cluster: Cluster;
  readonly view: NodeView;
  readonly family: Family;
  readonly slices: NameMap<readonly EndpointSlice[]>;
}

interface ServicePortsContext extends EndpointsContext, Pick<ServicePortContext, "servesNodePorts" | "traits"> {}

/** The service ports of a family in name order. */
function* resolveServicePorts(
  services: readonly Service[],
  found: ServicePortsContext,
  report: Report,
): Generator<ServicePortPlan> {
  const { cluster, view, family, servesNodePorts, traits } = found;
  const context: ServicePortContext = {
    family,
    locality: { node: view.name, zone: view.node?.zone },
    nodeIp: view.ips[family],
    allowExternalIps: cluster.proxyConfiguration.allowExternalIps,
    servesNodePorts,
    traits,
  };
  for (const service of services) {
    const clusterIp = service.clusterIps[family] as Vip;
    const ports = service.ports.length === 1 ? service.ports : [...service.ports].sort(byPortName);
    for (const port of ports) {
      const all = gather(service, port, found, ({ target, slice, entry }) => {
        const parameters = { endpoint: target, service: servicePortName(service, port) };
        report("endpoint-conflict", placeOfEndpoint(slice, entry), parameters);
      });
      yield resolveServicePort({ service, port, clusterIp }, all, context);
    }
  }
}

function gather(
  service: Service,
  port: ServicePort,
  { slices, view }: EndpointsContext,
  onConflict: OnConflict,
): readonly Endpoint[] {
  const ours = lookUp(slices, service.namespace, service.name);
  return ours === undefined ? [] : gatherEndpoints(ours, port, view.name, onConflict);
}

/** Counts the endpoints of all known service ports, ready or not; stops as soon as there are too many. */
function isLargeCluster(services: readonly Service[], context: EndpointsContext): boolean {
  let count = 0;
  for (const service of services) {
    for (const port of service.ports) {
      count += gather(service, port, context, () => {}).length;
      if (count > largeClusterEndpoints) return true;
    }
  }
  return false;
}

/** The slices that kube-proxy reads for each Service, in name order. */
function slicesByService(slices: readonly EndpointSlice[], family: Family): NameMap<EndpointSlice[]> {
  const found: NameMap<EndpointSlice[]> = new Map();
  for (const slice of slices) {
    if (slice.service === undefined || slice.headless || slice.family !== family) continue;
    const names = namesIn(found, slice.namespace);
    const list = names.get(slice.service);
    if (list === undefined) names.set(slice.service, [slice]);
    else list.push(slice);
  }
  for (const names of found.values()) {
    for (const list of names.values()) if (list.length > 1) list.sort((a, b) => compareBytes(a.name, b.name));
  }
  return found;
}

function byName(a: Service, b: Service): number {
  return compareBytes(a.namespace, b.namespace) || compareBytes(a.name, b.name);
}

function byPortName(a: ServicePort, b: ServicePort): number {
  return compareBytes(a.name, b.name) || compareBytes(a.protocol, b.protocol);
}

interface FamilyFacts {
  readonly family: Family;
  readonly served: readonly Service[];
  readonly scope: NodePortScope;
  readonly canTellPods: boolean;
  readonly config: ProxyConfiguration;
}

/** Reports what a family lacks, where that affects a Service. */
function reportFamily({ family, served, scope, canTellPods, config }: FamilyFacts, report: Report): void {
  const name = { family: familyNames[family] };
  // Without a configuration no local traffic detector is expected, so nothing is missing.
  if (!canTellPods && served.length > 0 && config.place !== undefined) {
    report("local-detection-missing", config.place, name);
  }
  const isUnmatched = scope.kind === "addresses" && scope.addresses.length === 0;
  const hasNodePort = served.some(({ ports }) => ports.some(({ nodePort }) => nodePort !== undefined));
  if (isUnmatched && hasNodePort)
    report("node-ports-match-nothing", config.place && at(config.place, "nodePortAddresses"), name);
}

function reportDisabledExternalIps(services: readonly Service[], report: Report): void {
  for (const service of services) {
    if (service.externalIps.length > 0)
      report("external-ips-disabled", at(at(service.place, "spec"), "externalIPs"), {});
  }
}

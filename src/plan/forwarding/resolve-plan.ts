import type { Report } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import { type Family, familyNames, isLoopback } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { compareBytes, lookUp, type NameMap, namesIn } from "../../model/fields/name-map.ts";
import { type EndpointSlice, placeOfEndpoint } from "../../model/objects/endpoint-slice.ts";
import { isProxied, type Service, type ServicePort, type Vip } from "../../model/objects/service.ts";
import type { ProxyConfiguration } from "../../model/proxy-configuration/proxy-configuration.ts";
import { gatherEndpoints, type OnConflict } from "./endpoints.ts";
import type {
  Endpoint,
  FamilyPlan,
  FamilySettings,
  ForwardingPlan,
  NodePortScope,
  ServicePortPlan,
} from "./forwarding-plan.ts";
import { resolveLocalTraffic } from "./local-traffic.ts";
import { resolveNodePortScope } from "./node-port-scope.ts";
import type { NodeView } from "./node-view.ts";
import { resolveServicePort, servicePortName } from "./resolve-service-port.ts";

/** From this many endpoints on, kube-proxy leaves comments out of the rules of endpoints. */
export const largeClusterEndpoints = 1000;

/** Answers every question about what this node does with each service port. */
export function resolvePlan(
  cluster: Cluster,
  view: NodeView,
  wanted: readonly Family[] | undefined,
  report: Report,
): ForwardingPlan {
  const { proxyConfiguration: config } = cluster;
  const localTraffic = resolveLocalTraffic(config, view, report);
  const ipv4 = resolveNodePortScope(config.nodePortAddresses, "ipv4", view);
  const localhostNodePorts = config.localhostNodePorts && ipv4.containsLoopback;
  const services = cluster.services.filter(isProxied).sort(byName);
  if (!config.allowExternalIps) reportDisabledExternalIps(services, report);

  const resolveFamily = (family: Family): FamilyPlan => {
    const { scope } = family === "ipv4" ? ipv4 : resolveNodePortScope(config.nodePortAddresses, family, view);
    const served = services.filter((service) => service.clusterIps[family] !== undefined);
    reportFamily({ family, served, scope, canTellPods: localTraffic[family] !== undefined, config }, report);
    const gatherer = { cluster, view, family, slices: slicesByService(cluster.slices, family) };
    const settings: FamilySettings = {
      family,
      localTraffic: localTraffic[family],
      masqueradeAll: config.masqueradeAll,
      masqueradeMark: 2 ** config.masqueradeBit,
      randomFully: view.features.randomFully,
      dropsInvalid: !config.tcpBeLiberal,
      nfacct: view.features.nfacct,
      nodePorts: scope,
      hostAddresses: view.hostAddresses.filter((ip) => ip.family === family && !isLoopback(ip)),
      localhostNodePorts: family === "ipv4" && localhostNodePorts,
      largeCluster: isLargeCluster(served, gatherer),
    };
    return {
      family,
      settings,
      servicePorts: { [Symbol.iterator]: () => resolveServicePorts(served, gatherer, report) },
    };
  };
  return {
    node: view.name,
    families: (wanted ?? view.families).map(resolveFamily),
    localhostNodePorts,
    ipvs: config.ipvs,
  };
}

/** What finding the endpoints of a service port takes. */
interface Gatherer {
  readonly cluster: Cluster;
  readonly view: NodeView;
  readonly family: Family;
  readonly slices: NameMap<readonly EndpointSlice[]>;
}

/** The service ports of a family in name order. */
function* resolveServicePorts(
  services: readonly Service[],
  gatherer: Gatherer,
  report: Report,
): Generator<ServicePortPlan> {
  const { cluster, view, family } = gatherer;
  const context = {
    family,
    locality: { node: view.name, zone: view.node?.zone },
    nodeIp: view.ips[family],
    allowExternalIps: cluster.proxyConfiguration.allowExternalIps,
  };
  for (const service of services) {
    const clusterIp = service.clusterIps[family] as Vip;
    const ports = service.ports.length === 1 ? service.ports : [...service.ports].sort(byPortName);
    for (const port of ports) {
      const all = gather(service, port, gatherer, ({ target, slice, entry }) => {
        const parameters = { endpoint: target, service: servicePortName(service, port) };
        report("endpoint-conflict", placeOfEndpoint(slice, entry), parameters);
      });
      yield resolveServicePort(service, port, clusterIp, all, context);
    }
  }
}

function gather(
  service: Service,
  port: ServicePort,
  { slices, view }: Gatherer,
  onConflict: OnConflict,
): readonly Endpoint[] {
  const ours = lookUp(slices, service.namespace, service.name);
  return ours === undefined ? [] : gatherEndpoints(ours, port, view.name, onConflict);
}

/** Counts the endpoints of all known service ports, ready or not; stops as soon as there are too many. */
function isLargeCluster(services: readonly Service[], gatherer: Gatherer): boolean {
  let count = 0;
  for (const service of services) {
    for (const port of service.ports) {
      count += gather(service, port, gatherer, () => {}).length;
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

/** Says what a family goes without, where a Service would feel it. */
function reportFamily({ family, served, scope, canTellPods, config }: FamilyFacts, report: Report): void {
  const name = { family: familyNames[family] };
  // Without any configuration nobody has said how pods are told, and nothing is missing.
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

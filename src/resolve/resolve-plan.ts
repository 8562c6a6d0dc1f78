import type { Report } from "../diagnostics/diagnostic.ts";
import { at } from "../diagnostics/place.ts";
import type { Family } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import { compareBytes } from "../model/compare.ts";
import type { EndpointSlice } from "../model/endpoint-slice.ts";
import { isProxied, type Service, type ServicePort } from "../model/service.ts";
import type { FamilyPlan, FamilySettings, ForwardingPlan, ServicePortPlan } from "./forwarding-plan.ts";
import { gatherEndpoints } from "./gather-endpoints.ts";
import { resolveLocalTraffic } from "./local-traffic.ts";
import { type ResolvedNodePorts, resolveNodePortScope } from "./node-port-scope.ts";
import type { NodeView } from "./node-view.ts";
import { resolveServicePort, servicePortName } from "./resolve-service-port.ts";

/** From this many endpoints on, kube-proxy leaves comments out of the rules of endpoints. */
const largeClusterEndpoints = 1000;

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
  if (!config.allowExternalIps) reportDisabledExternalIps(cluster.services, report);

  const resolveFamily = (family: Family): FamilyPlan => {
    const nodePorts = family === "ipv4" ? ipv4 : resolveNodePortScope(config.nodePortAddresses, family, view);
    const { servicePorts, endpoints } = resolveServicePorts(cluster, family, view, report);
    if (localTraffic[family] === undefined && config.place !== undefined)
      reportNoDetection(family, servicePorts, report);
    reportUnmatchedNodePorts(nodePorts, family, servicePorts, report);
    const settings: FamilySettings = {
      family,
      localTraffic: localTraffic[family],
      masqueradeAll: config.masqueradeAll,
      masqueradeMark: 2 ** config.masqueradeBit,
      randomFully: view.features.randomFully,
      dropsInvalid: !config.tcpBeLiberal,
      nfacct: view.features.nfacct,
      nodePorts: nodePorts.scope,
      localhostNodePorts: family === "ipv4" && localhostNodePorts,
      largeCluster: endpoints > largeClusterEndpoints,
    };
    return { family, settings, servicePorts };
  };
  return { node: view.name, families: (wanted ?? view.families).map(resolveFamily), localhostNodePorts };
}

/** The service ports of a family in name order, and how many endpoints they have in all, ready or not. */
function resolveServicePorts(
  cluster: Cluster,
  family: Family,
  view: NodeView,
  report: Report,
): { readonly servicePorts: readonly ServicePortPlan[]; readonly endpoints: number } {
  const slices = slicesByService(cluster.slices, family);
  const context = {
    family,
    locality: { node: view.name, zone: view.node?.zone },
    nodeIp: view.ips[family],
    allowExternalIps: cluster.proxyConfiguration.allowExternalIps,
  };
  const servicePorts: ServicePortPlan[] = [];
  let endpoints = 0;
  for (const service of cluster.services.filter(isProxied).sort(byName)) {
    const clusterIp = service.clusterIps[family];
    if (clusterIp === undefined) continue;
    const ours = slices.get(`${service.namespace}/${service.name}`) ?? [];
    for (const port of [...service.ports].sort(byPortName)) {
      const all = gatherEndpoints(ours, port, view.name, (endpoint) => {
        const parameters = { endpoint: endpoint.target, service: servicePortName(service, port) };
        report("endpoint-conflict", endpoint.place, parameters);
      });
      endpoints += all.length;
      servicePorts.push(resolveServicePort(service, port, clusterIp, all, context));
    }
  }
  return { servicePorts, endpoints };
}

/** The slices that kube-proxy reads for each Service, in name order. */
function slicesByService(slices: readonly EndpointSlice[], family: Family): ReadonlyMap<string, EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    if (slice.service === undefined || slice.headless || slice.family !== family) continue;
    const key = `${slice.namespace}/${slice.service}`;
    const list = found.get(key);
    if (list === undefined) found.set(key, [slice]);
    else list.push(slice);
  }
  for (const list of found.values()) if (list.length > 1) list.sort((a, b) => compareBytes(a.name, b.name));
  return found;
}

function byName(a: Service, b: Service): number {
  return compareBytes(a.namespace, b.namespace) || compareBytes(a.name, b.name);
}

function byPortName(a: ServicePort, b: ServicePort): number {
  return compareBytes(a.name, b.name) || compareBytes(a.protocol, b.protocol);
}

const familyNames = { ipv4: "IPv4", ipv6: "IPv6" } as const;

function reportNoDetection(family: Family, servicePorts: readonly ServicePortPlan[], report: Report): void {
  if (servicePorts.length > 0) report("local-detection-missing", undefined, { family: familyNames[family] });
}

function reportUnmatchedNodePorts(
  { scope }: ResolvedNodePorts,
  family: Family,
  servicePorts: readonly ServicePortPlan[],
  report: Report,
): void {
  const unmatched = scope.kind === "addresses" && scope.addresses.length === 0;
  if (!unmatched || !servicePorts.some(({ port }) => port.nodePort !== undefined)) return;
  report("node-ports-match-nothing", undefined, { family: familyNames[family] });
}

function reportDisabledExternalIps(services: readonly Service[], report: Report): void {
  for (const service of services) {
    if (service.externalIps.length > 0)
      report("external-ips-disabled", at(at(service.place, "spec"), "externalIPs"), {});
  }
}

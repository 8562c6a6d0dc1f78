import { cidrContains, type Family, type IpAddress } from "../../model/address.ts";
import type { Service, ServicePort, Vip } from "../../model/objects/service.ts";
import { type Locality, resolveUsableEndpoints, type UsableEndpoints } from "./endpoints.ts";
import type { Endpoint, ExternalPlan, ProgramTraits, Route, ServicePortPlan, SourceRanges } from "./forwarding-plan.ts";

/** The input of resolving a service port: its node, family and program. */
export interface ServicePortContext {
  readonly family: Family;
  readonly locality: Locality;
  /** The node's own IP, which source ranges may include. */
  readonly nodeIp: IpAddress;
  readonly allowExternalIps: boolean;
  /** Some address of this host serves node ports. */
  readonly servesNodePorts: boolean;
  readonly traits: ProgramTraits;
}

/** A port of a Service that has a cluster IP in the family. */
export interface ServedPort {
  readonly service: Service;
  readonly port: ServicePort;
  readonly clusterIp: Vip;
}

/** Answers every question of policy for one service port. `all` are its endpoints, ready or not. */
export function resolveServicePort(
  { service, port, clusterIp }: ServedPort,
  all: readonly Endpoint[],
  context: ServicePortContext,
): ServicePortPlan {
  const exposure = exposureOf(service, port, context.family);
  const internalLocal = service.internalTrafficPolicy === "Local";
  const externalLocal = service.externalTrafficPolicy === "Local";
  // Exposed ports need the cluster's endpoints whatever the policy: for pods and the node itself, or to fall back.
  const needs = {
    cluster: !internalLocal || exposure !== undefined,
    local: internalLocal || (externalLocal && exposure !== undefined),
  };
  const usable = resolveUsableEndpoints(all, needs, context.locality);
  return {
    service,
    port,
    name: servicePortName(service, port),
    protocol: lowerProtocol(port.protocol),
    clusterIp,
    internal: resolveRoute(internalLocal, usable, context.traits),
    external: exposure && resolveExternal(exposure, service, usable, context),
    endpoints: usable.reachable,
    affinity: service.affinity,
    healthCheckNodePort: resolveHealthCheck(service, port, context),
  };
}

/** `ns/name:port` (String of kube-proxy's ServicePortName). */
export function servicePortName(service: Service, port: ServicePort): string {
  const name = `${service.namespace}/${service.name}`;
  return port.name === "" ? name : `${name}:${port.name}`;
}

function lowerProtocol(protocol: ServicePort["protocol"]): ServicePortPlan["protocol"] {
  switch (protocol) {
    case "TCP":
      return "tcp";
    case "UDP":
      return "udp";
    case "SCTP":
      return "sctp";
  }
}

interface Exposure {
  readonly externalIps: readonly Vip[];
  readonly loadBalancerIps: readonly Vip[];
  readonly nodePort: number | undefined;
}

/** Undefined where the service port has only a cluster IP. */
function exposureOf(service: Service, port: ServicePort, family: Family): Exposure | undefined {
  const { nodePort } = port;
  if (nodePort === undefined && service.externalIps.length + service.loadBalancerIps.length === 0) return undefined;
  const ours = (vip: Vip): boolean => vip.address.family === family;
  const externalIps = service.externalIps.filter(ours);
  const loadBalancerIps = service.loadBalancerIps.filter(ours);
  const closed = nodePort === undefined && externalIps.length === 0 && loadBalancerIps.length === 0;
  return closed ? undefined : { externalIps, loadBalancerIps, nodePort };
}

/** Policy Local needs the endpoints of this node, and uses only these unless the program falls back. */
export function resolveRoute(
  isLocal: boolean,
  { reachable, anywhere }: UsableEndpoints,
  { localPolicyFallsBack }: ProgramTraits,
): Route {
  const over = isLocal && (reachable.local.length > 0 || !localPolicyFallsBack) ? "local" : "cluster";
  if (!anywhere) return { kind: "reject", over };
  return { kind: reachable[over].length > 0 ? "balance" : "drop", over };
}

/** Whether this policy has no local endpoints, and the program uses those of other nodes. */
export function fallsBack(policy: Service["internalTrafficPolicy"], { over }: Route): boolean {
  return policy === "Local" && over === "cluster";
}

function resolveExternal(
  exposure: Exposure,
  service: Service,
  usable: UsableEndpoints,
  context: ServicePortContext,
): ExternalPlan {
  const preservesClientIp = service.externalTrafficPolicy === "Local";
  return {
    ...exposure,
    // The gate removes the addresses from the rules, but the port still counts as exposed.
    externalIps: context.allowExternalIps ? exposure.externalIps : [],
    route: resolveRoute(preservesClientIp, usable, context.traits),
    preservesClientIp,
    shortCircuitsLocal: preservesClientIp && context.traits.shortCircuitsLocal,
    sourceRanges: exposure.loadBalancerIps.length > 0 ? resolveSourceRanges(service, context) : undefined,
  };
}

/** A range of prefix length 0 allows all sources; ranges of the other family only restrict nothing. */
export function resolveSourceRanges(
  service: Service,
  { family, nodeIp }: Pick<ServicePortContext, "family" | "nodeIp">,
): SourceRanges | undefined {
  const ranges = service.sourceRanges.filter(({ cidr }) => cidr.family === family);
  if (ranges.length === 0 || ranges.some(({ cidr }) => cidr.prefix === 0)) return undefined;
  return { ranges, includesNode: ranges.some(({ cidr }) => cidrContains(cidr, nodeIp)) };
}

function resolveHealthCheck(
  { healthCheckNodePort }: Service,
  { nodePort }: ServicePort,
  { servesNodePorts, traits }: ServicePortContext,
): number | undefined {
  const isLeftOut = traits.healthCheckNeedsNodePort && nodePort !== undefined && !servesNodePorts;
  return isLeftOut ? undefined : healthCheckNodePort;
}

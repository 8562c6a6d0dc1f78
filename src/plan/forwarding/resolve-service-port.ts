import { cidrContains, type Family, type IpAddress } from "../../model/address.ts";
import type { Service, ServicePort, Vip } from "../../model/objects/service.ts";
import { type Locality, resolveUsableEndpoints, type UsableEndpoints } from "./endpoints.ts";
import type { Admission, Endpoint, ExternalPlan, Route, ServicePortPlan } from "./forwarding-plan.ts";

/** What resolving a service port needs to know of its node and family. */
export interface ServicePortContext {
  readonly family: Family;
  readonly locality: Locality;
  /** The node's own IP, which source ranges may include. */
  readonly nodeIp: IpAddress;
  readonly allowExternalIps: boolean;
}

/** Answers every question of policy for one service port. `all` are its endpoints, ready or not. */
export function resolveServicePort(
  service: Service,
  port: ServicePort,
  clusterIp: Vip,
  all: readonly Endpoint[],
  context: ServicePortContext,
): ServicePortPlan {
  const exposure = exposureOf(service, port, context.family);
  const internalLocal = service.internalTrafficPolicy === "Local";
  const externalLocal = service.externalTrafficPolicy === "Local";
  // A Local external policy needs the cluster's endpoints as well, for pods and the node itself.
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
    internal: routeFor(internalLocal, usable),
    external: exposure && resolveExternal(exposure, service, usable, context),
    endpoints: usable.reachable,
    affinity: service.affinity,
    healthCheckNodePort: service.healthCheckNodePort,
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

/** Undefined where nothing but the cluster IP leads to the service port. */
function exposureOf(service: Service, port: ServicePort, family: Family): Exposure | undefined {
  const { nodePort } = port;
  if (nodePort === undefined && service.externalIps.length + service.loadBalancerIps.length === 0) return undefined;
  const ours = (vip: Vip): boolean => vip.address.family === family;
  const externalIps = service.externalIps.filter(ours);
  const loadBalancerIps = service.loadBalancerIps.filter(ours);
  const closed = nodePort === undefined && externalIps.length === 0 && loadBalancerIps.length === 0;
  return closed ? undefined : { externalIps, loadBalancerIps, nodePort };
}

function routeFor(isLocal: boolean, { reachable, anywhere }: UsableEndpoints): Route {
  if (!anywhere) return { kind: "reject" };
  if (!isLocal) return { kind: "balance", over: "cluster" };
  return reachable.local.length > 0 ? { kind: "balance", over: "local" } : { kind: "drop" };
}

function resolveExternal(
  exposure: Exposure,
  service: Service,
  usable: UsableEndpoints,
  context: ServicePortContext,
): ExternalPlan {
  const keepsSource = service.externalTrafficPolicy === "Local";
  return {
    ...exposure,
    // The gate hides the addresses from the rules, not from the question whether the port is exposed.
    externalIps: context.allowExternalIps ? exposure.externalIps : [],
    route: routeFor(keepsSource, usable),
    keepsSource,
    admission: exposure.loadBalancerIps.length > 0 ? admissionOf(service, context) : undefined,
  };
}

/** A range of prefix length 0 lifts all; ranges only of the other family restrict nothing. */
function admissionOf(service: Service, { family, nodeIp }: ServicePortContext): Admission | undefined {
  const ranges = service.sourceRanges.filter(({ cidr }) => cidr.family === family);
  if (ranges.length === 0 || ranges.some(({ cidr }) => cidr.prefix === 0)) return undefined;
  return { ranges, includesNode: ranges.some(({ cidr }) => cidrContains(cidr, nodeIp)) };
}

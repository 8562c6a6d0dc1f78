import type { Report } from "../../../src/diagnostics/diagnostic.ts";
import { at, documentPlace, type Place } from "../../../src/diagnostics/place.ts";
import { type Cidr, type Family, type IpAddress, parseCidr, parseIp } from "../../../src/model/address.ts";
import type { EndpointSlice, SliceEndpoint } from "../../../src/model/objects/endpoint-slice.ts";
import type { Service, ServicePort, Vip } from "../../../src/model/objects/service.ts";
import { versionTraits } from "../../../src/model/proxy-configuration/kube-proxy-version.ts";
import type {
  Endpoint,
  FamilySettings,
  ProgramTraits,
  ServicePortPlan,
} from "../../../src/plan/forwarding/forwarding-plan.ts";
import type { ServicePortContext } from "../../../src/plan/forwarding/resolve-service-port.ts";

/** Small values by hand, for tests that call one function of plan/ or programs/. */

export const place: Place = at(documentPlace(0), "spec");

export function ip(text: string): IpAddress {
  return parseIp(text) as IpAddress;
}

export function cidr(text: string): Cidr {
  return parseCidr(text) as Cidr;
}

export function vip(text: string, key = 0): Vip {
  return { address: ip(text), place: at(place, key) };
}

export const webPort: ServicePort = {
  name: "http",
  protocol: "TCP",
  port: 80,
  nodePort: undefined,
  place: at(place, 0),
};

/** shop/web with 10.96.0.1, one port `http`. */
export function service(more: Partial<Service> = {}): Service {
  return {
    namespace: "shop",
    name: "web",
    labels: {},
    annotations: {},
    place: documentPlace(0),
    type: "ClusterIP",
    clusterIps: { ipv4: vip("10.96.0.1") },
    headless: false,
    externalIps: [],
    loadBalancerIps: [],
    sourceRanges: [],
    ports: [webPort],
    affinity: undefined,
    internalTrafficPolicy: "Cluster",
    externalTrafficPolicy: "Cluster",
    healthCheckNodePort: undefined,
    ...more,
  };
}

export const slice: EndpointSlice = {
  namespace: "shop",
  name: "web-1",
  labels: {},
  annotations: {},
  place: documentPlace(1),
  source: "EndpointSlice",
  service: "web",
  family: "ipv4",
  headless: false,
  ports: [],
  endpoints: [],
  endpointsPlace: at(documentPlace(1), "endpoints"),
};

export function entry(address: string, more: Partial<SliceEndpoint> = {}): SliceEndpoint {
  return {
    ip: address,
    ready: true,
    serving: true,
    terminating: false,
    nodeName: "node1",
    zoneHints: [],
    nodeHints: [],
    index: 0,
    ...more,
  };
}

export function endpoint(address: string, isLocal: boolean, more: Partial<SliceEndpoint> = {}): Endpoint {
  const nodeName = isLocal ? "node1" : "node2";
  return { target: `${address}:8080`, isLocal, entry: entry(address, { nodeName, ...more }), slice };
}

export const here = endpoint("10.0.1.5", true);
export const there = endpoint("10.0.2.6", false);

/** Decides nothing in a way of its own. */
export const plainTraits: ProgramTraits = {
  localPolicyFallsBack: false,
  shortCircuitsLocal: false,
  nodePortsByDefault: "every-address",
  nodePortsOnLoopback: false,
  healthCheckNeedsNodePort: false,
  exclusiveDestinations: false,
  affinityScope: "service-port",
  unknownPortOfVip: "passed-on",
  balancing: "chance",
  endpointComments: false,
};

export function portContext(traits: Partial<ProgramTraits> = {}, more: Partial<ServicePortContext> = {}) {
  return {
    family: "ipv4" as Family,
    locality: { node: "node1", zone: undefined },
    nodeIp: ip("192.0.2.10"),
    allowExternalIps: true,
    servesNodePorts: true,
    traits: { ...plainTraits, ...traits },
    ...more,
  };
}

export function settings(more: Partial<FamilySettings> = {}): FamilySettings {
  return {
    family: "ipv4",
    localDetector: { kind: "source", cidr: cidr("10.0.0.0/8") },
    masqueradeAll: false,
    masqueradeMark: 0x4000,
    randomFully: true,
    dropsInvalid: true,
    nfacct: false,
    nodePorts: { kind: "every-address" },
    hostAddresses: [ip("192.0.2.10")],
    localhostNodePorts: true,
    serviceCidrs: [],
    version: versionTraits("1.37"),
    largeCluster: false,
    ...more,
  };
}

/** shop/web:http with the endpoint of this node and that of another. */
export function servicePort(more: Partial<ServicePortPlan> = {}): ServicePortPlan {
  return {
    service: service(),
    port: webPort,
    name: "shop/web:http",
    protocol: "tcp",
    clusterIp: vip("10.96.0.1"),
    internal: { kind: "balance", over: "cluster" },
    external: undefined,
    endpoints: { all: [here, there], cluster: [here, there], local: [] },
    affinity: undefined,
    healthCheckNodePort: undefined,
    ...more,
  };
}

/** A report with what was reported, by code. */
export function collectCodes(): { readonly report: Report; readonly codes: string[] } {
  const codes: string[] = [];
  return {
    codes,
    report: (code) => {
      codes.push(code);
    },
  };
}

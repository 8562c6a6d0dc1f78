import type { Place } from "../../diagnostics/place.ts";
import type { Cidr, Family, IpAddress } from "../../model/address.ts";
import type { EndpointSlice, SliceEndpoint } from "../../model/objects/endpoint-slice.ts";
import type { Service, ServicePort, SessionAffinity, Vip } from "../../model/objects/service.ts";
import type { ServiceCidr } from "../../model/objects/service-cidr.ts";
import type { VersionTraits } from "../../model/proxy-configuration/kube-proxy-version.ts";
import type { IpvsSettings } from "../../model/proxy-configuration/proxy-configuration.ts";

/** Decisions that differ between programs for the same state. They are input of the plan, so that the plan is final. */
export interface ProgramTraits {
  /** Policy Local without a local endpoint: traffic goes to the cluster's endpoints, where the plan has them. */
  readonly localPolicyFallsBack: boolean;
  /** With externalTrafficPolicy Local, pods and the node itself go to the cluster's endpoints. */
  readonly shortCircuitsLocal: boolean;
  /** Where the configuration has no nodePortAddresses: node ports answer on every address, or on the node's own. */
  readonly nodePortsByDefault: "every-address" | "primary";
  /** Node ports can answer on 127.0.0.1. */
  readonly nodePortsOnLoopback: boolean;
  /** Without an address that serves node ports, a service port with a node port gets no health check port either. */
  readonly healthCheckNeedsNodePort: boolean;
  /** An address, port and protocol belongs to the first service port that names it, in name order. */
  readonly exclusiveDestinations: boolean;
  /** Session affinity covers all addresses of a service port, or each address separately. */
  readonly affinityScope: "service-port" | "address";
  /** Packets to a service address and a port that no service port has. */
  readonly unknownPortOfVip: "passed-on" | "rejected";
  /** A new connection goes to a random endpoint, or to the one that the configured scheduler chooses. */
  readonly balancing: "chance" | "scheduler";
  /** Rules of endpoints have comments, except in clusters of more than 1,000 endpoints. */
  readonly endpointComments: boolean;
}

/** What one node must do, without naming a tool: every question of policy is answered here. */
export interface ForwardingPlan {
  /** The node's name as kube-proxy knows it. */
  readonly node: string;
  readonly families: readonly FamilyPlan[];
  /** The traits of the program that will carry it out. */
  readonly traits: ProgramTraits;
  /** For the whole host, so also where no IPv4 family is compiled. */
  readonly localhostNodePorts: LoopbackNodePorts;
  readonly ipvs: IpvsSettings;
}

/** Whether node ports answer on 127.0.0.1. `ignored`: the configuration requests it, but the program cannot do it. */
export type LoopbackNodePorts = "served" | "ignored" | "off";

export interface FamilyPlan {
  readonly family: Family;
  readonly settings: FamilySettings;
  /**
   * In bytewise order of namespace, name, port name and protocol. Each is resolved when it is read and can be
   * released once it is written: a plan of 100,000 endpoints need not be in memory as a whole.
   */
  readonly servicePorts: Iterable<ServicePortPlan>;
  /** Those of one Service, without the others. */
  readonly portsOf: (service: Service) => Iterable<ServicePortPlan>;
}

/** What is common to all service ports of a family. */
export interface FamilySettings {
  readonly family: Family;
  /** Undefined where pods cannot be distinguished from other sources. */
  readonly localDetector: LocalTrafficDetector | undefined;
  readonly masqueradeAll: boolean;
  /** One bit of the packet mark. */
  readonly masqueradeMark: number;
  readonly randomFully: boolean;
  /** Packets in conntrack state INVALID are dropped, unless nf_conntrack_tcp_be_liberal is set. */
  readonly dropsInvalid: boolean;
  /** The kernel counts packets with nfacct. */
  readonly nfacct: boolean;
  readonly nodePorts: NodePortScope;
  /** Every address of this host's interfaces in the family, except loopback. */
  readonly hostAddresses: readonly IpAddress[];
  readonly localhostNodePorts: boolean;
  /** The networks of ServiceCIDR objects, by name of the object. */
  readonly serviceCidrs: readonly { readonly cidr: Cidr; readonly object: ServiceCidr }[];
  /** Of the kube-proxy whose rules are written. */
  readonly version: VersionTraits;
  /** More than 1,000 endpoints: their rules have no comments. False where the program never writes any. */
  readonly largeCluster: boolean;
}

/** What identifies traffic from a pod. */
export type LocalTrafficDetector =
  | { readonly kind: "source"; readonly cidr: Cidr }
  | { readonly kind: "interface"; readonly name: string }
  | { readonly kind: "interface-prefix"; readonly prefix: string };

/** The addresses of this host on which node ports answer. */
export type NodePortScope =
  | { readonly kind: "every-address" }
  | { readonly kind: "addresses"; readonly addresses: readonly string[] };

/** One service port in one family: the unit of everything. */
export interface ServicePortPlan {
  readonly service: Service;
  readonly port: ServicePort;
  /** `ns/name:port`, or `ns/name` for an unnamed port: how kube-proxy writes a ServicePortName. */
  readonly name: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly clusterIp: Vip;
  /** Where traffic to the cluster IP goes. */
  readonly internal: Route;
  /** Undefined where the service port cannot be reached from outside. */
  readonly external: ExternalPlan | undefined;
  readonly endpoints: ReachableEndpoints;
  readonly affinity: SessionAffinity | undefined;
  /** Undefined also where the program leaves it out (`healthCheckNeedsNodePort`). */
  readonly healthCheckNodePort: number | undefined;
}

/** Which endpoints traffic may use: those of the cluster, or those on this node. */
export type EndpointList = "cluster" | "local";

/** The final decision about traffic. `over` is the list that decides; it may differ from the policy's (`fallsBack`). */
export type Route =
  | { readonly kind: "balance"; readonly over: EndpointList }
  /** No endpoint anywhere. */
  | { readonly kind: "reject"; readonly over: EndpointList }
  /** Policy Local, and endpoints only on other nodes. */
  | { readonly kind: "drop"; readonly over: EndpointList };

/** How the service port handles traffic to its external IPs, load balancer IPs and node port. */
export interface ExternalPlan {
  readonly externalIps: readonly Vip[];
  readonly loadBalancerIps: readonly Vip[];
  readonly nodePort: number | undefined;
  readonly route: Route;
  /** externalTrafficPolicy Local: the client IP is preserved. */
  readonly preservesClientIp: boolean;
  /** Pods and the node itself go to the cluster's endpoints, whatever the route. */
  readonly shortCircuitsLocal: boolean;
  /** Undefined where every source may use the load balancer IPs. */
  readonly sourceRanges: SourceRanges | undefined;
}

/** loadBalancerSourceRanges. */
export interface SourceRanges {
  readonly ranges: readonly { readonly cidr: Cidr; readonly place: Place }[];
  /** This node's own IP is in one of the ranges. */
  readonly includesNode: boolean;
}

/** The endpoints that this node may send to, in bytewise order of their targets; a list is empty where no policy uses it. */
export interface ReachableEndpoints {
  /** All endpoints, ready or not, on any node. */
  readonly all: readonly Endpoint[];
  readonly cluster: readonly Endpoint[];
  readonly local: readonly Endpoint[];
}

/** One usable address and port behind a service port. */
export interface Endpoint {
  /** `10.0.0.1:80`, `[fd00::1]:80`. */
  readonly target: string;
  readonly isLocal: boolean;
  /** Its address, conditions and hints. */
  readonly entry: SliceEndpoint;
  readonly slice: EndpointSlice;
}

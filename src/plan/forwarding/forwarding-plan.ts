import type { Place } from "../../diagnostics/place.ts";
import type { Cidr, Family, IpAddress } from "../../model/address.ts";
import type { EndpointSlice, SliceEndpoint } from "../../model/objects/endpoint-slice.ts";
import type { Service, ServicePort, SessionAffinity, Vip } from "../../model/objects/service.ts";
import type { IpvsSettings } from "../../model/proxy-configuration/proxy-configuration.ts";

/** What programs decide differently for the same state. Input of the plan, so that what a plan says is final. */
export interface ProgramTraits {
  /** Policy Local without an endpoint here: those of the cluster take the traffic, where the plan has them. */
  readonly localPolicyFallsBack: boolean;
  /** With externalTrafficPolicy Local, pods and the node itself go to the cluster's endpoints. */
  readonly shortCircuitsLocal: boolean;
  /** Node ports can answer on 127.0.0.1. */
  readonly nodePortsOnLoopback: boolean;
  /** Where no address of the host serves node ports, a service port with one gets no health check port either. */
  readonly healthCheckNeedsNodePort: boolean;
  /** An address, port and protocol belongs to the first service port that names it, in name order. */
  readonly exclusiveDestinations: boolean;
  /** Clients stay at their endpoint for all addresses of a service port, or for each address apart. */
  readonly affinityScope: "service-port" | "address";
  /** Packets to a service address and a port that no service port has. */
  readonly unknownPortOfVip: "passed-on" | "rejected";
  /** A new connection goes to an endpoint by chance, or by the scheduler of the configuration. */
  readonly balancing: "chance" | "scheduler";
  /** Rules of endpoints carry comments, but for clusters of more than 1,000 endpoints. */
  readonly endpointComments: boolean;
}

/** What one node must do, no tool named: every question of policy is answered here. */
export interface ForwardingPlan {
  /** The node's name as kube-proxy knows it. */
  readonly node: string;
  readonly families: readonly FamilyPlan[];
  /** What the program that is to carry it out decides in its own way. */
  readonly traits: ProgramTraits;
  /** Of the host as a whole, so also where no IPv4 family is compiled. */
  readonly localhostNodePorts: LoopbackNodePorts;
  readonly ipvs: IpvsSettings;
}

/** Whether node ports answer on 127.0.0.1. `ignored`: they should by the configuration, and the program cannot do it. */
export type LoopbackNodePorts = "served" | "ignored" | "off";

export interface FamilyPlan {
  readonly family: Family;
  readonly settings: FamilySettings;
  /**
   * In bytewise order of namespace, name, port name and protocol. Each is resolved when it is asked for and can be
   * forgotten once it is written: a plan of 100,000 endpoints need not be in memory as a whole.
   */
  readonly servicePorts: Iterable<ServicePortPlan>;
}

/** What holds for every service port of a family. */
export interface FamilySettings {
  readonly family: Family;
  /** Undefined where pods cannot be told from other sources. */
  readonly localDetector: LocalTrafficDetector | undefined;
  readonly masqueradeAll: boolean;
  /** One bit of the packet mark. */
  readonly masqueradeMark: number;
  readonly randomFully: boolean;
  /** Packets that conntrack calls INVALID are dropped, unless it is told to be liberal. */
  readonly dropsInvalid: boolean;
  /** The kernel counts packets with nfacct. */
  readonly nfacct: boolean;
  readonly nodePorts: NodePortScope;
  /** Every address of this host's interfaces in the family, but loopback. */
  readonly hostAddresses: readonly IpAddress[];
  readonly localhostNodePorts: boolean;
  /** More than 1,000 endpoints: rules of endpoints carry no comments. False where the program writes none anyway. */
  readonly largeCluster: boolean;
}

/** What marks traffic as coming from a pod. */
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

/** Where traffic goes in the end. `over` is the list that decides; the policy alone does not say (`fallsBack`). */
export type Route =
  | { readonly kind: "balance"; readonly over: EndpointList }
  /** No endpoint anywhere. */
  | { readonly kind: "reject"; readonly over: EndpointList }
  /** Policy Local, and endpoints only on other nodes. */
  | { readonly kind: "drop"; readonly over: EndpointList };

/** What the service port does with traffic to its external IPs, load balancer IPs and node port. */
export interface ExternalPlan {
  readonly externalIps: readonly Vip[];
  readonly loadBalancerIps: readonly Vip[];
  readonly nodePort: number | undefined;
  readonly route: Route;
  /** externalTrafficPolicy Local: packets keep their source. */
  readonly preservesClientIp: boolean;
  /** Pods and the node itself go to the cluster's endpoints, whatever the route. */
  readonly shortCircuitsLocal: boolean;
  /** Undefined where every source may use the load balancer IPs. */
  readonly sourceRanges: SourceRanges | undefined;
}

/** loadBalancerSourceRanges. */
export interface SourceRanges {
  readonly ranges: readonly { readonly cidr: Cidr; readonly place: Place }[];
  /** This node's own IP lies in one of the ranges. */
  readonly includesNode: boolean;
}

/** The endpoints that this node may send to, in bytewise order of their targets; a list is empty where no policy uses it. */
export interface ReachableEndpoints {
  /** All there are, ready or not, on any node. */
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

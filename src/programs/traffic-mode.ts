import { printTarget } from "../datapath/address-set.ts";
import type { EvaluatedHost, HostTexts } from "../datapath/host.ts";
import type { Entry, Hop, Outcome, Protocol } from "../datapath/packet.ts";
import type { Code } from "../diagnostics/catalog.ts";
import type { Sink } from "../diagnostics/diagnostic.ts";
import type { Place } from "../diagnostics/place.ts";
import type { Predicate } from "../ir/datapath.ts";
import type { Ruleset } from "../languages/nftables/ruleset.ts";
import type { Family } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";

/** An address and port on which a service port answers, as rules, sets or virtual servers show it. */
export interface ServiceDestination {
  /** `external`: an external IP or load balancer IP. */
  readonly kind: "cluster-ip" | "external" | "node-port";
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** `shop/web:http`; undefined where the text does not name it. */
  readonly service: string | undefined;
  /** In ipvs mode: externalTrafficPolicy is Local. */
  readonly isLocal?: boolean;
}

/** `10.96.0.10:80/TCP`, `node port 30080/TCP`. */
export function printDestination({ kind, address, port, protocol }: ServiceDestination): string {
  const name = protocol.toUpperCase();
  return kind === "node-port" ? `node port ${port}/${name}` : `${printTarget({ address, port })}/${name}`;
}

export function keyOf({ kind, address, port, protocol }: ServiceDestination): string {
  return kind === "node-port" ? `*:${port}/${protocol}` : `${printTarget({ address, port })}/${protocol}`;
}

/** Who sends packets to a Service: an example for all that are treated alike. */
export type SourceKind = "pod" | "other-pod" | "node" | "outside" | "hairpin";

export interface Source {
  readonly kind: SourceKind;
  readonly entry: Entry;
  readonly address: string;
  /** Undefined: unknown. */
  readonly inInterface: string | undefined;
  /** As a rule spells it, the interface of pods, by which these packets do not come in: `-i cali+`. */
  readonly avoids?: string | undefined;
}

/** A host with rules of kube-proxy, and what its text shows besides them. */
export interface TrafficHost {
  readonly mode: TrafficMode;
  readonly host: EvaluatedHost;
  /** Its tables of nftables. */
  readonly ruleset: Ruleset;
  /** By family, an address on which node ports answer: one of the node's, or a stand-in where none is known. */
  readonly nodeAddress: Readonly<Record<Family, string>>;
  /** The addresses of the node; empty where the text does not show them. */
  readonly knownAddresses: readonly string[];
  /** The interface by which packets from outside come in, where there is only one. */
  readonly uplink: string | undefined;
  /** Empty where they are unknown. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** What is wrong with the path of a packet to a Service. */
export type FaultKind =
  /** It keeps the service address as its destination, where kube-proxy's rules would send it to an endpoint. */
  | "untranslated"
  /** A rule of another program sends it somewhere else. */
  | "diverted"
  /** A rule or policy that is not kube-proxy's drops or rejects it. */
  | "blocked"
  /** It reaches an endpoint whose replies do not come back through this node. */
  | "unmasqueraded"
  /** The chains of the Service itself lead it to no endpoint. */
  | "lost"
  /** It reaches an endpoint, where kube-proxy's rules would refuse it. */
  | "admitted"
  /** It is not refused, and reaches nothing: the client gets no answer instead of an error. */
  | "unrefused"
  /** It is masqueraded, where kube-proxy's rules preserve the client's address. */
  | "client-hidden";

export interface Fault {
  readonly kind: FaultKind;
  readonly destination: ServiceDestination;
  readonly source: Source;
  /** What happens. */
  readonly outcome: Outcome;
  /** What would happen by kube-proxy's rules alone, as far as it is alike. */
  readonly intended: Outcome | undefined;
  /** Nothing is wrong in the other order of chains that the text allows. */
  readonly dependsOnOrder: boolean;
}

/** Why packets to Services are treated wrongly. Faults with one cause make one finding. */
export interface Cause {
  readonly code: Extract<Code, `service-${string}`>;
  /** Equal for faults with this cause. */
  readonly key: string;
  readonly table: string;
  readonly chain: string;
  readonly place: Place | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly hint?: string | undefined;
}

/** Where the text declares a chain; undefined where it does not. */
export type PlaceOfChain = (family: Family, table: string, chain: string) => Place | undefined;

export type RuleHop = Extract<Hop, { readonly kind: "rule" }>;

/** A rule on a packet's path, and the built-in chain from which it was reached. */
export interface RootedHop extends RuleHop {
  readonly root: string;
}

/** A fault, and the rules on the packet's path. */
export interface FaultPath {
  readonly fault: Fault;
  readonly hops: readonly RootedHop[];
  /** The rules that it would pass by kube-proxy's rules alone. */
  readonly intendedHops: readonly RootedHop[];
  readonly traffic: TrafficHost;
  readonly placeOf: PlaceOfChain;
}

/** Finds the first cause on a packet's path. */
export type FindCause = (path: FaultPath) => Cause;

/** What all rules that a destination meets ask and do, without what only names it. */
export type ShapeOf = (destination: ServiceDestination) => string;

export interface ChainCheck {
  readonly traffic: TrafficHost;
  readonly placeOf: PlaceOfChain;
  /** The service port of each address and node port of a state. */
  readonly names: ReadonlyMap<string, string>;
  readonly cluster: Cluster | undefined;
}

/** The texts of a host, and the tables of nftables in them. */
export interface ShownRules {
  readonly texts: HostTexts;
  readonly ruleset: Ruleset;
}

/** The file of rules that no text contains. */
export const assumedFile = "(assumed)";

/** What the rules of one mode show, how they are meant, and what decides differently about their packets. */
export interface TrafficMode {
  /** What a host has of the mode: Services, or only what exists without them. */
  readonly evidence: (shown: ShownRules) => "services" | "empty" | undefined;
  /** Whether texts show the mode at a glance, without being read. */
  readonly isShownIn: (texts: HostTexts) => boolean;
  /** A part of a dump with the rules that lead to it, in `assumedFile`. */
  readonly withFrame: (texts: HostTexts) => HostTexts;
  /** Service addresses are bound to the node, so that they are the source of what it sends to them. */
  readonly bindsAddresses: boolean;
  /** The host with what a part of a dump may leave out, or may leave open. */
  readonly complete: (host: EvaluatedHost) => EvaluatedHost;
  /** Whether chains of other programs may come before those of kube-proxy or after them: the text does not show it. */
  readonly hasOpenOrder: boolean;
  /** Whether a rule on a packet's path is kube-proxy's, of this mode. */
  readonly isOwn: (hop: { readonly table: string; readonly chain: string }) => boolean;
  /** The host by kube-proxy's rules alone, as it writes them. */
  readonly intended: (traffic: TrafficHost) => EvaluatedHost;
  readonly destinations: (traffic: TrafficHost, family: Family) => readonly ServiceDestination[];
  /** The addresses on which node ports answer, where rules restrict them to some. */
  readonly nodePortAddresses: (shown: ShownRules, family: Family) => readonly string[];
  /** The conditions by which rules tell pods from other sources. */
  readonly podMatches: (traffic: TrafficHost, family: Family) => readonly Predicate[];
  /** The addresses that packets are sent to. */
  readonly endpoints: (traffic: TrafficHost) => ReadonlySet<string>;
  /** The endpoints on this node; undefined where nothing tells them from others. */
  readonly ownEndpoints: (traffic: TrafficHost) => ReadonlySet<string> | undefined;
  /** By which destinations are alike. */
  readonly shapes: (traffic: TrafficHost) => ShapeOf;
  /** Packets are sent to an endpoint when they have passed the rules, so that none of these sees the endpoint. */
  readonly translatesAfterRules: boolean;
  /** Whether a packet has come to the chains that distribute a Service's packets over its endpoints. */
  readonly isBalanced: (outcome: Outcome) => boolean;
  /** Whether a rule of kube-proxy refuses packets to Services because nothing has translated them. */
  readonly isRefusal: (hop: RuleHop) => boolean;
  /** Whether packets that no rule refuses either are lost, as far as the text shows them. */
  readonly isLost: (outcome: Outcome, destination: ServiceDestination, traffic: TrafficHost) => boolean;
  /** Whether packets from outside may be sent on to any node, so that they are always masqueraded. */
  readonly reachesAllNodes: (outcome: Outcome, destination: ServiceDestination) => boolean;
  readonly causes: Readonly<Record<FaultKind, FindCause>>;
  /** Faults of chains whose packets cannot be asked for, since the address is lost with the rule. */
  readonly checkChains: (check: ChainCheck, sink: Sink) => void;
  /** Whether node ports answer on 127.0.0.1 if the kernel lets packets to it in. */
  readonly servesLoopback: (traffic: TrafficHost) => boolean;
}

/** What fits into a message. */
const longest = 70;

export function listed(names: readonly string[]): string {
  let text = "";
  for (const [at, name] of names.entries()) {
    const left = names.length - at;
    const next = text === "" ? name : left === 1 ? `${text} and ${name}` : `${text}, ${name}`;
    if (next.length > longest && at > 0) return `${text} and ${left} more`;
    text = next;
  }
  return text;
}

/** How a program leaves a host, and what of others depends on it. */
export interface Cleanup {
  /** The texts of a host without the program's rules, addresses and virtual servers, as it removes them. */
  readonly withoutProgram: (texts: HostTexts) => HostTexts;
  /** The rules of other programs that jump to its chains or match on its sets. */
  readonly hooksInto: (texts: HostTexts) => readonly string[];
}

import { canonicalAddress, parseTarget } from "../../datapath/address-set.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Sink } from "../../diagnostics/diagnostic.ts";
import type { Predicate } from "../../ir/datapath.ts";
import { type Family, families } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { isEndpointChain } from "../../programs/kube-proxy/chain-names.ts";
import { setKeyOf } from "../../programs/kube-proxy/set-names.ts";
import { type ShapeOf, shapesInRules } from "./alike.ts";
import { shapesInTables } from "./alike-in-tables.ts";
import { checkChains } from "./chain-faults.ts";
import { destinationsInTables, hairpinsInTables, targetsInTables } from "./destinations-in-tables.ts";
import { type Cause, type CauseContext, findCause, type PlaceOfChain } from "./find-cause.ts";
import { findCauseInTables } from "./find-cause-in-tables.ts";
import type { Fault } from "./judge-traffic.ts";
import { withOwnRulesOnly } from "./own-rules.ts";
import { podMatchesInTables, withOwnTablesOnly } from "./restore-nftables.ts";
import { destinationsInRules, keyOf, type ServiceDestination } from "./service-destinations.ts";
import { podMatches } from "./shown-settings.ts";
import { checkTables, type NamesOf } from "./table-faults.ts";
import type { TrafficHost } from "./traffic-host.ts";

interface ChainCheck {
  readonly traffic: TrafficHost;
  readonly placeOf: PlaceOfChain;
  /** The service port of each address and node port of a state. */
  readonly names: ReadonlyMap<string, string>;
  readonly cluster: Cluster | undefined;
}

function nodesOfEndpoints(cluster: Cluster | undefined): (endpoint: string) => string | undefined {
  const nodes = new Map<string, string | undefined>();
  for (const { endpoints, ports } of cluster?.slices ?? [])
    for (const { ip, nodeName } of endpoints) for (const { port } of ports) nodes.set(`${ip} ${port}`, nodeName);
  return (endpoint) => nodes.get(endpoint);
}

/** The same by the keys of maps: `10.96.0.10 . tcp . 80`, `tcp . 30080`, and by address alone. */
function namesByKey(names: ReadonlyMap<string, string>): NamesOf {
  const found = new Map<string, string[]>();
  const note = (key: string, name: string): void => {
    const known = found.get(key);
    if (known === undefined) found.set(key, [name]);
    else known.push(name);
  };
  for (const [key, name] of names) {
    const [, address = "", port = "", protocol = ""] = /^\[?(.*?)\]?:(\d+)\/(\w+)$/.exec(key) ?? [];
    note(address === "*" ? `${protocol} . ${port}` : `${address} . ${protocol} . ${port}`, name);
    if (address !== "*") note(address, name);
  }
  return (key) => found.get(key) ?? [];
}

/** What the rules of one mode show, and how they are meant. */
export interface TrafficMode {
  /** The host by kube-proxy's rules alone, as it writes them. */
  readonly intended: (traffic: TrafficHost) => EvaluatedHost;
  readonly destinations: (traffic: TrafficHost, family: Family) => readonly ServiceDestination[];
  /** The conditions by which rules tell pods from other sources. */
  readonly podMatches: (traffic: TrafficHost, family: Family) => readonly Predicate[];
  /** The addresses that packets are sent to. */
  readonly endpoints: (traffic: TrafficHost) => ReadonlySet<string>;
  /** The endpoints on this node; undefined where nothing tells them from others. */
  readonly ownEndpoints: (traffic: TrafficHost) => ReadonlySet<string> | undefined;
  /** By which destinations are alike. */
  readonly shapes: (traffic: TrafficHost) => ShapeOf;
  readonly findCause: (fault: Fault, context: CauseContext) => Cause;
  /** Faults of chains whose packets cannot be asked for, since the address is lost with the rule. */
  readonly checkChains: (context: ChainCheck, sink: Sink) => void;
}

const inRules: TrafficMode = {
  intended: ({ host, mode }) => withOwnRulesOnly(host, mode),
  destinations: destinationsInRules,
  podMatches: ({ host, mode }, family) => {
    const nat = host.families[family].tables.get("nat");
    return nat === undefined ? [] : podMatches(nat, mode);
  },
  endpoints: ({ host }) => endpointAddresses(host),
  ownEndpoints: () => undefined,
  shapes: shapesInRules,
  findCause,
  checkChains: () => {},
};

export const trafficModes: Readonly<Record<ProxyMode, TrafficMode>> = {
  iptables: { ...inRules, checkChains: ({ traffic, placeOf }, sink) => checkChains(traffic, placeOf, sink) },
  ipvs: { ...inRules, ownEndpoints: ({ host }) => hairpinAddresses(host) },
  nftables: {
    intended: ({ host, ruleset }) => withOwnTablesOnly(host, ruleset),
    destinations: destinationsInTables,
    podMatches: ({ host }, family) => podMatchesInTables(host, family),
    endpoints: targetsInTables,
    ownEndpoints: hairpinsInTables,
    shapes: shapesInTables,
    findCause: findCauseInTables,
    checkChains: ({ traffic, names, cluster }, sink) =>
      checkTables(traffic, { names: namesByKey(names), nodeOf: nodesOfEndpoints(cluster) }, sink),
  },
};

/** Every address of a service port that a host knows, once. `names` finds the Service where the text has no name. */
export function serviceDestinations(
  traffic: TrafficHost,
  names: ReadonlyMap<string, string>,
): readonly ServiceDestination[] {
  const found = new Map<string, ServiceDestination>();
  for (const family of families) {
    for (const destination of trafficModes[traffic.mode].destinations(traffic, family)) {
      const key = `${family} ${keyOf(destination)}`;
      if (!found.has(key))
        found.set(key, { ...destination, service: destination.service ?? names.get(keyOf(destination)) });
    }
  }
  return [...found.values()];
}

function hairpinAddresses(host: EvaluatedHost): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [name, { entries }] of host.sets) {
    if (setKeyOf(name) !== "loopBack") continue;
    for (const { parts } of entries) if (parts[0]?.kind === "addresses") found.add(parts[0].range);
  }
  return found;
}

/** The addresses that rules and virtual servers of kube-proxy send to. */
function endpointAddresses({ families, servers }: EvaluatedHost): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { tables } of Object.values(families)) {
    for (const { name, lines, reader } of tables.get("nat")?.values() ?? []) {
      if (!isEndpointChain(name)) continue;
      for (const address of reader.peekTranslations(lines.at(-1) ?? "") ?? []) found.add(canonicalAddress(address));
    }
  }
  for (const { realServers } of servers.values()) {
    for (const { address } of realServers) {
      const target = parseTarget(address);
      if (target !== undefined) found.add(target.address);
    }
  }
  return found;
}

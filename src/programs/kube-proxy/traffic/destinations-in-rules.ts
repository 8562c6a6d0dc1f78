import { isAddress, isIpv6, parseTarget } from "../../../datapath/address-set.ts";
import { exactDestination, exactPort, ruleAt } from "../../../datapath/chain-index.ts";
import type { EvaluatedHost } from "../../../datapath/host.ts";
import type { Protocol } from "../../../datapath/packet.ts";
import type { LoadedChain, LookupEntry, PacketRule } from "../../../ir/datapath.ts";
import type { Family } from "../../../model/address.ts";
import { serviceInRule } from "../../registry.ts";
import { keyOf, type ServiceDestination, type TrafficHost } from "../../traffic-mode.ts";
import { iptablesChains, parseServicePortChain } from "../chain-names.ts";
import { type SetKey, setName } from "../set-names.ts";
import { lostClusterIps } from "./restore-iptables.ts";

/** The addresses that rules of iptables show. */
export function destinationsInRules({ host, nodeAddress }: TrafficHost, family: Family): readonly ServiceDestination[] {
  const { tables } = host.families[family];
  const { services, nodePorts, externalServices } = iptablesChains;
  const found: ServiceDestination[] = [];
  const read = (chain: LoadedChain | undefined, table: string): void => {
    if (chain === undefined) return;
    for (let at = 0; at < chain.lines.length; at += 1) {
      const rule = ruleAt(chain, at);
      const port = exactPort(rule);
      const protocol = protocolOf(rule);
      if (port === undefined || protocol === undefined) continue;
      const { text } = rule;
      const address = exactDestination(rule);
      if (address === undefined && table === "filter" && chain.name === nodePorts) continue;
      const isNodePort = address === undefined || address.startsWith("127.");
      found.push({
        kind: isNodePort ? "node-port" : isExternal(rule, chain.name) ? "external" : "cluster-ip",
        family,
        address: isNodePort ? nodeAddress[family] : address,
        port,
        protocol,
        service: serviceInRule(text),
      });
    }
  };
  for (const name of [services, nodePorts]) read(tables.get("nat")?.get(name), "nat");
  for (const name of [services, externalServices]) read(tables.get("filter")?.get(name), "filter");
  const nat = tables.get("nat");
  for (const { shownBy } of nat === undefined ? [] : lostClusterIps(nat, { tables })) {
    const rule = ruleAt(shownBy, 0);
    const [address, port, protocol] = [exactDestination(rule), exactPort(rule), protocolOf(rule)];
    if (address === undefined || port === undefined || protocol === undefined) continue;
    found.push({ kind: "cluster-ip", family, address, port, protocol, service: serviceInRule(rule.text) });
  }
  return found;
}

function isExternal({ text, action }: PacketRule, chain: string): boolean {
  if (chain === iptablesChains.externalServices || / (?:external|loadbalancer) IP"/.test(text)) return true;
  const kind = action.kind === "jump" ? parseServicePortChain(action.chain)?.kind : undefined;
  return kind === "EXT" || kind === "FW" || kind === "XLB";
}

function protocolOf({ predicates }: PacketRule): Protocol | undefined {
  for (const each of predicates) if (each.kind === "protocol" && !each.negated) return protocolNamed(each.protocol);
  return undefined;
}

export function protocolNamed(name: string): Protocol | undefined {
  return name === "tcp" || name === "udp" || name === "sctp" ? name : undefined;
}

/** The rules let node ports answer on 127.0.0.1. */
export function servesLoopback({ host }: TrafficHost): boolean {
  const lines = host.families.ipv4.tables.get("nat")?.get(iptablesChains.services)?.lines ?? [];
  return lines.some(
    (line) =>
      line.endsWith(` -j ${iptablesChains.nodePorts}`) &&
      (!line.includes(" -d ") || line.includes(" -d 127.0.0.1/32 ")),
  );
}

const addressSets: readonly (readonly [SetKey, ServiceDestination["kind"], boolean])[] = [
  ["clusterIp", "cluster-ip", false],
  ["externalIpLocal", "external", true],
  ["externalIp", "external", false],
  ["loadBalancerLocal", "external", true],
  ["loadBalancer", "external", false],
];
const portSets: readonly (readonly [SetKey, Protocol, boolean])[] = [
  ["nodePortLocalTcp", "tcp", true],
  ["nodePortTcp", "tcp", false],
  ["nodePortLocalUdp", "udp", true],
  ["nodePortUdp", "udp", false],
  ["nodePortLocalSctp", "sctp", true],
  ["nodePortSctp", "sctp", false],
];

/** Those that sets show and, in a text without sets, virtual servers. */
export function destinationsInSets(
  { host, nodeAddress, knownAddresses }: TrafficHost,
  family: Family,
): readonly ServiceDestination[] {
  const found: ServiceDestination[] = [];
  const entriesOf = (key: SetKey): readonly LookupEntry[] => host.sets.get(setName(key, family))?.entries ?? [];
  const add = (entry: LookupEntry, kind: ServiceDestination["kind"], isLocal: boolean): void => {
    const [first, second] = entry.parts;
    if (first?.kind !== "addresses" || second?.kind !== "ports" || !isAddress(first.range)) return;
    const { ports, protocols } = second;
    const address = kind === "node-port" ? nodeAddress[family] : first.range;
    for (const name of protocols) {
      const protocol = protocolNamed(name);
      if (protocol !== undefined)
        found.push({ kind, family, address, port: ports.from, protocol, service: undefined, isLocal });
    }
  };
  for (const [key, kind, isLocal] of addressSets) for (const entry of entriesOf(key)) add(entry, kind, isLocal);
  for (const [key, protocol, isLocal] of portSets) {
    for (const entry of entriesOf(key)) {
      const [first] = entry.parts;
      if (first?.kind !== "ports") add(entry, "node-port", isLocal);
      else {
        const { from: port } = first.ports;
        found.push({
          kind: "node-port",
          family,
          address: nodeAddress[family],
          port,
          protocol,
          service: undefined,
          isLocal,
        });
      }
    }
  }
  const known = new Set(found.map(keyOf));
  return [
    ...found,
    ...unlisted(host, family).filter(
      (each) =>
        !known.has(keyOf(each)) &&
        !known.has(`*:${each.port}/${each.protocol}`) &&
        !knownAddresses.includes(each.address),
    ),
  ];
}

/** Virtual servers that no set names, in a text without sets. */
function unlisted(host: EvaluatedHost, family: Family): readonly ServiceDestination[] {
  if (host.sets.size > 0) return [];
  return [...host.servers.values()].flatMap(({ address, protocol }) => {
    const target = parseTarget(address);
    if (target === undefined || isIpv6(target.address) !== (family === "ipv6")) return [];
    return [{ kind: "cluster-ip" as const, family, ...target, protocol, service: undefined }];
  });
}

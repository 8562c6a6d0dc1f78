import { isIpv6 } from "../../datapath/address-set.ts";
import { exactDestination, ruleAt } from "../../datapath/chain-index.ts";
import type { EvaluatedHost, HostTexts } from "../../datapath/host.ts";
import { inferAddresses } from "../../diff/host-side.ts";
import { type HostDocument, textsUnder } from "../../ir/artifact.ts";
import type { LoadedChain } from "../../ir/datapath.ts";
import { type Link, linksCommand, parseLinks } from "../../languages/iproute.ts";
import type { Ruleset } from "../../languages/nftables/ruleset.ts";
import { parseSysctls } from "../../languages/sysctl.ts";
import { type Family, families } from "../../model/address.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { iptablesChains, ipvsChains, isServicePortChain } from "../../programs/kube-proxy/chain-names.ts";
import { addressDevice } from "../../programs/kube-proxy/names.ts";
import {
  isOwnedTable,
  isOwnTableName,
  nodePortAddressesSet,
  parseServicePortChainName,
} from "../../programs/kube-proxy/nftables/names.ts";
import { isServiceAddressSet, setPrefix } from "../../programs/kube-proxy/set-names.ts";
import { loadRules, loadTables, readEvaluatedHost } from "../../reconcile/live/evaluated-host.ts";
import { placedTextsOf } from "../places-in-texts.ts";
import { isKubeProxyChain, withUnseenJumps } from "./own-rules.ts";
import { ownTable, withBothOrders } from "./restore-nftables.ts";

/** A host with rules of kube-proxy, and what its text shows besides them. */
export interface TrafficHost {
  readonly host: EvaluatedHost;
  readonly mode: ProxyMode;
  /** Whether a rule on a packet's path is kube-proxy's, of this mode. */
  readonly isOwn: (hop: { readonly table: string; readonly chain: string }) => boolean;
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

/** Documentation addresses (RFC 5737, RFC 3849) for a node whose addresses are unknown. */
const standIns: Readonly<Record<Family, string>> = { ipv4: "192.0.2.1", ipv6: "2001:db8:0:1::1" };

/** Reads a host for the datapath; undefined where it has no rules of kube-proxy. */
export function readTrafficHost(document: HostDocument): TrafficHost | undefined {
  const texts = placedTextsOf(document);
  const ruleset = loadTables(texts.nftables ?? []).doc;
  const mode = modeOf(texts, ruleset);
  if (mode === undefined) return undefined;
  const isInTables = mode === "nftables";
  const links = textsUnder(document, linksCommand).flatMap(({ text }) => parseLinks(text) ?? []);
  const served = inferAddresses(texts);
  const bound = [...served.serviceAddresses, ...links.filter(isAddressDevice).flatMap(({ ips }) => ips)];
  const ofNode = links.filter((link) => !link.loopback && link.name !== "lo" && !isAddressDevice(link));
  const uplinks = ofNode.filter(({ name, ips }) => !isInner(name) && ips.length > 0);
  const known = [...uplinks, ...ofNode.filter((link) => !uplinks.includes(link))].flatMap(({ ips }) => ips);
  const knownAddresses = known.length > 0 ? known : (served.nodeAddresses ?? []);
  const nodeAddress = Object.fromEntries(
    families.map((family) => [family, nodeAddressOf(family, { texts, ruleset }, knownAddresses)]),
  ) as Readonly<Record<Family, string>>;
  const sysctls = sysctlsOf(document);
  const routeLocalnet = sysctls.get("net.ipv4.conf.all.route_localnet");
  const host = readEvaluatedHost(
    { ...texts, serviceAddresses: mode === "ipvs" && bound.length === 0 ? addressesInSets(texts) : bound },
    {
      nodeAddresses: [...new Set([...knownAddresses, ...Object.values(nodeAddress)])],
      podRanges: [],
      routeLocalnet: routeLocalnet === undefined ? undefined : routeLocalnet !== "0",
    },
  );
  return {
    host: isInTables ? withBothOrders(host) : withUnseenJumps(host, mode),
    mode,
    isOwn: isInTables ? ({ table }) => isOwnTableName(table) : ({ chain }) => isKubeProxyChain(chain),
    ruleset,
    nodeAddress,
    knownAddresses,
    uplink: uplinks.length === 1 ? uplinks[0]?.name : undefined,
    sysctls,
  };
}

function sysctlsOf({ texts }: HostDocument): ReadonlyMap<string, string> {
  const shown = texts.filter(({ heading }) => heading.startsWith("sysctl "));
  return new Map(shown.flatMap(({ text }) => [...parseSysctls(text)]));
}

/**
 * Where several modes have rules, that of nftables if its tables have Services. Only ipvs mode has KUBE-NODE-PORT and
 * rules that match on sets of kube-proxy.
 */
function modeOf(texts: HostTexts, { tables }: Ruleset): ProxyMode | undefined {
  const own = tables.filter(isOwnedTable);
  if (own.some(({ chains }) => [...chains.keys()].some((name) => parseServicePortChainName(name) !== undefined)))
    return "nftables";
  const chains = [texts.iptables, texts.ip6tables].flatMap((parts) => {
    const nat = loadRules(parts).tables.get("nat");
    return nat === undefined ? [] : [nat];
  });
  if (chains.some((nat) => nat.has(ipvsChains.nodePort) || asksForSets(nat.get(ipvsChains.services)))) return "ipvs";
  const isIptables = chains.some((nat) => nat.has(iptablesChains.services) || [...nat.keys()].some(isServicePortChain));
  return isIptables ? "iptables" : own.length > 0 ? "nftables" : undefined;
}

function asksForSets(chain: LoadedChain | undefined): boolean {
  return chain?.lines.some((line) => line.includes(`--match-set ${setPrefix}`)) === true;
}

function isAddressDevice({ name }: Link): boolean {
  return name === addressDevice;
}

/** Interfaces of container engines, virtual machines and pod networks: nothing from outside the node comes in by them. */
const inner =
  /^(?:docker|br-|virbr|lxdbr|lxcbr|podman|cni|cbr|kube-|nodelocaldns|flannel|cali|tunl|vxlan|cilium|lxc|veth|weave|genev|dummy|wg|antrea|ovn)/;

export function isInner(name: string): boolean {
  return inner.test(name);
}

/** Where kube-proxy serves node ports on some addresses only, the rules name these. */
function nodeAddressOf(
  family: Family,
  { texts, ruleset }: { readonly texts: HostTexts; readonly ruleset: Ruleset },
  known: readonly string[],
): string {
  const own = known.filter((address) => isIpv6(address) === (family === "ipv6"));
  const { tables } = loadRules(family === "ipv4" ? texts.iptables : texts.ip6tables);
  const services = tables.get("nat")?.get(iptablesChains.services);
  const named = [
    ...(services === undefined ? [] : nodePortAddresses(services)),
    ...(ownTable(ruleset, family)
      ?.sets.get(nodePortAddressesSet)
      ?.elements.map(({ key }) => key) ?? []),
  ];
  const answering = named.length === 0 ? own : own.filter((address) => named.includes(address));
  return answering[0] ?? named.find((address) => !address.startsWith("127.")) ?? own[0] ?? standIns[family];
}

function nodePortAddresses(services: LoadedChain): readonly string[] {
  const jump = ` -j ${iptablesChains.nodePorts}`;
  return services.lines.flatMap((line, at) => {
    const address = line.endsWith(jump) ? exactDestination(ruleAt(services, at)) : undefined;
    return address === undefined ? [] : [address];
  });
}

function addressesInSets({ ipset }: HostTexts): readonly string[] {
  const entries = ipset.flatMap(({ text }) => [...text.matchAll(/^add (\S+) ([^,\s]+),/gm)]);
  return entries.flatMap(([, set = "", address = ""]) => (isServiceAddressSet(set) ? [address] : []));
}

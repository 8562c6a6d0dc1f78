import type { PlacedProblem, TextPart } from "../ir/artifact.ts";
import type { LoadedChain, LookupSet, Route, Stage, VirtualServer } from "../ir/datapath.ts";
import { type AddressSet, isIpv6, parseAddressSet, parseTarget, printTarget, unite } from "./address-set.ts";

/**
 * What one host is programmed with, by any program, as text of the tools. Several parts of one tool are merged in
 * order.
 */
export interface HostTexts {
  /** Output of iptables-save or input of iptables-restore; empty where the host has no rules of the family. */
  readonly iptables: readonly TextPart[];
  readonly ip6tables: readonly TextPart[];
  /** Rules of the other iptables back end, which packets meet as well. */
  readonly otherBackend?: OtherBackend | undefined;
  /** `nft list ruleset`, without what of it the texts of iptables show. */
  readonly nftables?: readonly TextPart[] | undefined;
  /** `ipset save`. */
  readonly ipset: readonly TextPart[];
  /** `ipvsadm -Sn`. */
  readonly ipvs: readonly TextPart[];
  /** The addresses of the dummy device kube-ipvs0, without prefix lengths. */
  readonly serviceAddresses: readonly string[];
}

export interface OtherBackend {
  readonly name: "legacy" | "nft";
  readonly iptables: readonly TextPart[];
  readonly ip6tables: readonly TextPart[];
}

/** What a node's kernel contains besides the rules. */
export interface NodeEnvironment {
  /** What `LOCAL` means, besides loopback and the addresses of kube-ipvs0. */
  readonly nodeAddresses: readonly string[];
  /** CIDRs of the pods of this node. */
  readonly podRanges: readonly string[];
  /** The sysctl net.ipv4.conf.all.route_localnet. Undefined: unknown, so that it may be on. */
  readonly routeLocalnet?: boolean | undefined;
  /** Undefined: unknown. */
  readonly routes?: readonly Route[] | undefined;
  /** The host has virtual servers, and no text lists them. */
  readonly hasUnlistedServers?: boolean | undefined;
}

/** A host as packets meet it: the text of its tools, read once, and its environment. */
export interface EvaluatedHost {
  readonly families: { readonly ipv4: LoadedRules; readonly ipv6: LoadedRules };
  /** Where packets of either family meet rules and IPVS, in no order. */
  readonly stages: readonly Stage[];
  /** Another possible order of stages of equal priority, which the texts do not show; the assumption names it. */
  readonly otherOrder: { readonly stages: readonly Stage[]; readonly assumption: string } | undefined;
  readonly sets: ReadonlyMap<string, LookupSet>;
  /** By `tcp 10.96.0.10:80`. */
  readonly servers: ReadonlyMap<string, VirtualServer>;
  /** Canonical; the node's own and those of kube-ipvs0. */
  readonly localAddresses: ReadonlySet<string>;
  /** The same by family, loopback with them. */
  readonly local: { readonly ipv4: AddressSet; readonly ipv6: AddressSet };
  readonly pods: { readonly ipv4: AddressSet; readonly ipv6: AddressSet };
  readonly world: NodeEnvironment;
  readonly problems: readonly LoadProblem[];
}

/** The same host with one more address of its own. */
export function withOwnAddress(host: EvaluatedHost, address: string): EvaluatedHost {
  const own = parseAddressSet(address);
  if (own === undefined) return host;
  const family = isIpv6(address) ? "ipv6" : "ipv4";
  return {
    ...host,
    localAddresses: new Set([...host.localAddresses, address]),
    local: { ...host.local, [family]: unite([host.local[family], own], own.bits) },
  };
}

/** The rules of one family by table and chain. Lines stay text until their chain is walked. */
export interface LoadedRules {
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, LoadedChain>>;
  /** The sets and maps of tables that have some, by table and name: their elements as text, sorted. */
  readonly sets?: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  readonly problems: readonly LoadProblem[];
}

/** A line that may hide a rule, or a sign that rules are missing. */
export type LoadProblem = PlacedProblem;

/** `ADDRESS:PORT` in any spelling. */
export function serverKey(protocol: string, address: string): string {
  const target = parseTarget(address);
  return `${protocol} ${target === undefined ? address : printTarget(target)}`;
}

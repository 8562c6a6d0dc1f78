import type { TextPart } from "../ir/text.ts";

/** What one host is programmed with, as the tools spell it, whoever wrote it. Parts of one tool lie one over the other. */
export interface HostTexts {
  /** iptables-save, or what iptables-restore takes; empty where there is no such family. */
  readonly iptables: readonly TextPart[];
  readonly ip6tables: readonly TextPart[];
  /** `ipset save`. */
  readonly ipset: readonly TextPart[];
  /** `ipvsadm -Sn`. */
  readonly ipvs: readonly TextPart[];
  /** What the dummy device kube-ipvs0 carries, without prefix lengths. */
  readonly serviceAddresses: readonly string[];
}

/** What a node's kernel knows besides the rules. */
export interface NodeEnvironment {
  /** What `LOCAL` means, besides loopback and the addresses of kube-ipvs0. */
  readonly nodeAddresses: readonly string[];
  /** CIDRs of the pods of this node. */
  readonly podRanges: readonly string[];
  /** The sysctl net.ipv4.conf.all.route_localnet; undefined where nobody tells, and then it may be on. */
  readonly routeLocalnet?: boolean | undefined;
}

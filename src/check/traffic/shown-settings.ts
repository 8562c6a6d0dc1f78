import { ruleAt } from "../../datapath/chain-index.ts";
import type { LoadedChain, Predicate } from "../../ir/datapath.ts";
import { type Family, parseCidr } from "../../model/address.ts";
import { defaultKubeProxyVersion, versionTraits } from "../../model/proxy-configuration/kube-proxy-version.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { FamilySettings, LocalTrafficDetector } from "../../plan/forwarding/forwarding-plan.ts";
import { iptablesChains, isBalancingChain } from "../../programs/kube-proxy/chain-names.ts";

type Chains = ReadonlyMap<string, LoadedChain>;

const defaultMark = 0x4000;

/** The settings of kube-proxy that rules of table nat show, with defaults where they do not. */
export function shownSettings(nat: Chains, family: Family, mode: ProxyMode): FamilySettings {
  return {
    family,
    localDetector: detectorOf(podMatches(nat, mode)[0]),
    masqueradeAll: mode === "ipvs" && masqueradesAll(nat),
    masqueradeMark: markIn(nat),
    randomFully: false,
    dropsInvalid: false,
    nfacct: false,
    nodePorts: { kind: "every-address" },
    hostAddresses: [],
    localhostNodePorts: true,
    serviceCidrs: [],
    version: versionTraits(defaultKubeProxyVersion),
    largeCluster: false,
  };
}

/** In ipvs mode the rule for cluster IPs then has no other condition. */
function masqueradesAll(nat: Chains): boolean {
  const lines = nat.get(iptablesChains.services)?.lines ?? [];
  return lines.some((line) => allClusterIps.test(line) && !line.includes(" ! -"));
}

const allClusterIps = / --match-set KUBE-(?:6-)?CLUSTER-IP dst,dst -j KUBE-MARK-MASQ$/;

/** The mark that the rules agree on: KUBE-FORWARD is not shown by `iptables-save -t nat`. */
function markIn(nat: Chains): number {
  const chains = [iptablesChains.postrouting, iptablesChains.markMasquerade].flatMap((name) => nat.get(name) ?? []);
  const rules = chains.flatMap((chain) => chain.lines.map((_, at) => ruleAt(chain, at)));
  const masks = rules.flatMap(({ predicates, action }) => [
    ...predicates.flatMap((each) => (each.kind === "mark" && each.of === "packet" ? [each.mask] : [])),
    ...(action.kind === "set-mark" && action.value !== 0 ? [action.value] : []),
  ]);
  return masks.find((mask) => mask > 0 && mask < 0x80000000) ?? defaultMark;
}

/** The conditions by which rules tell pods from other sources; all rules ask the same. */
export function podMatches(nat: Chains, mode: ProxyMode): readonly Predicate[] {
  const asks = (each: Predicate): boolean =>
    (each.kind === "address-in" && each.side === "source") || (each.kind === "interface" && each.side === "in");
  const marks = ` -j ${iptablesChains.markMasquerade}`;
  for (const chain of nat.values()) {
    const isAsking = mode === "ipvs" ? chain.name === iptablesChains.services : isBalancingChain(chain.name);
    for (let at = 0; isAsking && at < chain.lines.length; at += 1) {
      const line = chain.lines[at] ?? "";
      if (!line.includes(" ! -") || !line.endsWith(marks)) continue;
      const found = ruleAt(chain, at).predicates.filter((each) => each.negated && asks(each));
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** What tells pods from other sources, as a setting. */
export function detectorOf(match: Predicate | undefined): LocalTrafficDetector | undefined {
  if (match?.kind === "interface")
    return match.isPrefix ? { kind: "interface-prefix", prefix: match.name } : { kind: "interface", name: match.name };
  const cidr = match?.kind === "address-in" ? parseCidr(match.ranges[0] ?? "") : undefined;
  return cidr && { kind: "source", cidr };
}

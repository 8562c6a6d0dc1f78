import type { LoadedChain } from "../../../ir/datapath.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { iptablesChains, ipvsChains } from "../chain-names.ts";
import { markMasqueradeRules, postroutingRules } from "../iptables/base.ts";
import { filterRules, jumps, natRules } from "../ipvs/rules.ts";
import { type SetKey, setName, setPrefix } from "../set-names.ts";
import { type Chains, chainOf, foreignInFilter, type RuleForms, type Shown } from "./own-rules.ts";

/** How ipvs mode writes its rules: nearly all match on sets. */
export const ipvsForms: RuleForms = {
  jumps,
  restore: restoreIpvsChains,
  foreignIn: (chain, table) => {
    if (chainsOfSets.has(chain)) return (line) => !ownVerdict.test(line);
    return table === "nat" ? undefined : foreignInFilter(chain);
  },
  tellsPods: (chain) => chain === ipvsChains.services,
  masqueradesAll,
};

/** Their rules with verdicts all match on sets, virtual servers or loopback. */
const chainsOfSets: ReadonlySet<string> = new Set([
  ipvsChains.services,
  ipvsChains.nodePort,
  ipvsChains.loadBalancer,
  ipvsChains.ipvsFilter,
  ipvsChains.ipvsOutFilter,
]);
const ownVerdict = / --match-set KUBE-| -m ipvs | -s (?:127\.0\.0\.0\/8|::1\/128) /;

/** The rule for cluster IPs then has no other condition. */
function masqueradesAll(nat: Chains): boolean {
  const lines = nat.get(iptablesChains.services)?.lines ?? [];
  return lines.some((line) => allClusterIps.test(line) && !line.includes(" ! -"));
}

const allClusterIps = / --match-set KUBE-(?:6-)?CLUSTER-IP dst,dst -j KUBE-MARK-MASQ$/;

/** Chains of ipvs mode as kube-proxy writes them for the sets that have entries: these decide its rules. */
function restoreIpvsChains(table: "nat" | "filter", chains: Chains, { host, settings }: Shown): readonly LoadedChain[] {
  if (![...host.sets.keys()].some((name) => name.startsWith(setPrefix)))
    return table === "nat" ? withoutSets(chains, settings) : [];
  const has = (set: SetKey): boolean => (host.sets.get(setName(set, settings.family))?.entries.length ?? 0) > 0;
  const { services, postrouting, markMasquerade, nodePort, loadBalancer } = ipvsChains;
  const { forward, proxyFirewall, sourceRangesFirewall, ipvsFilter } = ipvsChains;
  const names =
    table === "nat"
      ? [services, nodePort, postrouting, loadBalancer, markMasquerade]
      : [forward, nodePort, proxyFirewall, sourceRangesFirewall, ipvsFilter];
  const lines = table === "nat" ? natRules(settings, has) : filterRules(settings, has);
  return names
    .filter((name) => chains.has(name))
    .map((name) =>
      chainOf(
        name,
        lines.filter((line) => line.startsWith(`-A ${name} `)),
      ),
    );
}

/** The text does not show the sets: their rules are left as they are. */
function withoutSets(chains: Chains, settings: FamilySettings): readonly LoadedChain[] {
  const { markMasquerade, postrouting } = iptablesChains;
  const hairpin = chains.get(postrouting)?.lines.filter((line) => line.includes(" --match-set ")) ?? [];
  return [
    chainOf(markMasquerade, markMasqueradeRules(settings)),
    chainOf(postrouting, [...hairpin, ...postroutingRules(settings)]),
  ].filter(({ name }) => chains.has(name));
}

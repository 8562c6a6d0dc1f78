import type { EvaluatedHost } from "../../datapath/host.ts";
import type { LoadedChain } from "../../ir/datapath.ts";
import type { FamilySettings } from "../../plan/forwarding/forwarding-plan.ts";
import { iptablesChains, ipvsChains } from "../../programs/kube-proxy/chain-names.ts";
import { markMasqueradeRules, postroutingRules } from "../../programs/kube-proxy/iptables/base.ts";
import { filterRules, natRules } from "../../programs/kube-proxy/ipvs/rules.ts";
import { type SetKey, setName, setPrefix } from "../../programs/kube-proxy/set-names.ts";
import { chainOf } from "./restore-iptables.ts";

/** Chains of ipvs mode as kube-proxy writes them for the sets that have entries: these decide its rules. */
export function restoreIpvsChains(
  table: "nat" | "filter",
  chains: ReadonlyMap<string, LoadedChain>,
  host: EvaluatedHost,
  settings: FamilySettings,
): readonly LoadedChain[] {
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
function withoutSets(chains: ReadonlyMap<string, LoadedChain>, settings: FamilySettings): readonly LoadedChain[] {
  const { markMasquerade, postrouting } = iptablesChains;
  const hairpin = chains.get(postrouting)?.lines.filter((line) => line.includes(" --match-set ")) ?? [];
  return [
    chainOf(markMasquerade, markMasqueradeRules(settings)),
    chainOf(postrouting, [...hairpin, ...postroutingRules(settings)]),
  ].filter(({ name }) => chains.has(name));
}

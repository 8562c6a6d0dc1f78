import type { LoadedRules } from "../../../datapath/host.ts";
import type { LoadedChain } from "../../../ir/datapath.ts";
import { addressType, appendTo, comment, jump } from "../../../languages/iptables/write.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { iptablesChains, isBalancingChain } from "../chain-names.ts";
import { jumps, markMasqueradeRules, nodePortDispatchRules, postroutingRules } from "../iptables/base.ts";
import { fromLocal } from "../iptables/matches.ts";
import { type Chains, chainOf, foreignInFilter, type RuleForms } from "./own-rules.ts";

/** How iptables mode writes its rules: it translates in table nat, and refuses in table filter. */
export const iptablesForms: RuleForms = {
  jumps,
  restore: (table, chains, { host, settings }) =>
    table === "nat" ? restoreIptablesChains(chains, host.families[settings.family], settings) : [],
  foreignIn: (chain, table) => {
    if (table === "filter") return foreignInFilter(chain);
    return chain === iptablesChains.postrouting ? undefined : () => true;
  },
  tellsPods: isBalancingChain,
  masqueradesAll: () => false,
};

/** Chains of table nat in iptables mode that have lost rules, with the rules that the other chains show. */
function restoreIptablesChains(
  nat: Chains,
  rules: Pick<LoadedRules, "tables">,
  settings: FamilySettings,
): readonly LoadedChain[] {
  const { markMasquerade, postrouting, services } = iptablesChains;
  const restored: LoadedChain[] = [];
  if (nat.has(markMasquerade)) restored.push(chainOf(markMasquerade, markMasqueradeRules(settings)));
  if (nat.has(postrouting)) restored.push(chainOf(postrouting, postroutingRules(settings)));
  const own = nat.get(services);
  const lost = own === undefined ? [] : lostClusterIps(nat, rules).map(({ line }) => line);
  if (own !== undefined && (lost.length > 0 || own.lines.length === 0)) {
    const rest = own.lines.length > 0 ? own.lines : nodePortDispatchRules(settings);
    restored.push(chainOf(services, [...lost, ...rest]));
  }
  for (const chain of nat.values()) {
    if (!chain.name.startsWith(externalPrefix)) continue;
    const lines = localPolicyLines(chain, nat, settings);
    if (lines !== undefined) restored.push(chainOf(chain.name, lines));
  }
  return restored;
}

const clusterIpRule = /^-A (KUBE-SV[CL]-\S+) .*?(-d \S+) .*?(-p \S+ .* cluster IP".* --dport \d+) -j KUBE-MARK-MASQ$/;
const addressAndPort = / -d (\S+) .*-m (\w+) --dport (\d+)/;

/** A rule that KUBE-SERVICES should have. */
export interface LostRule {
  readonly line: string;
  /** The chain of the service port, whose first rule shows it. */
  readonly shownBy: LoadedChain;
}

/**
 * The cluster IPs for which KUBE-SERVICES has no rule, although the chain of the service port is in use: its first rule
 * names the address. A chain that no rule calls may be a leftover of a deleted Service, unless all of them are.
 */
export function lostClusterIps(nat: Chains, { tables }: Pick<LoadedRules, "tables">): readonly LostRule[] {
  const { services } = iptablesChains;
  const dispatched = [nat.get(services), tables.get("filter")?.get(services)].flatMap((chain) => chain?.lines ?? []);
  const known = new Set(dispatched.flatMap((line) => addressAndPort.exec(line)?.slice(1).join(" ") ?? []));
  const isFlushed = nat.has(services) && known.size === 0;
  const calledOutside = isFlushed ? undefined : externallyCalled(nat);
  return [...nat.values()].flatMap((shownBy) => {
    if (calledOutside !== undefined && !calledOutside.has(shownBy.name)) return [];
    const [, name, to = "", match = ""] = clusterIpRule.exec(shownBy.lines[0] ?? "") ?? [];
    if (name === undefined) return [];
    const line = `-A ${services} ${to} ${match} -j ${name}`;
    const key = addressAndPort.exec(line)?.slice(1).join(" ");
    return key === undefined || known.has(key) ? [] : [{ line, shownBy }];
  });
}

/** The chains that external traffic of a service port in use goes to. */
function externallyCalled(nat: Chains): ReadonlySet<string> {
  const called = new Set<string>();
  const note = (line: string): void => {
    called.add(line.slice(line.lastIndexOf(" ") + 1));
  };
  for (const start of [iptablesChains.services, iptablesChains.nodePorts]) nat.get(start)?.lines.forEach(note);
  const external = new Set([...called].filter((name) => /^KUBE-(?:FW|EXT)-/.test(name)));
  called.clear();
  for (const name of external) {
    for (const line of nat.get(name)?.lines ?? []) {
      note(line);
      const to = line.slice(line.lastIndexOf(" ") + 1);
      if (to.startsWith(externalPrefix)) external.add(to);
    }
  }
  return called;
}

const externalPrefix = "KUBE-EXT-";
const localPolicyComment = / for (\S+) external destinations"/;

/**
 * The rules of a chain of externalTrafficPolicy Local where some are missing or in another order: pods and the node
 * itself reach all endpoints. Undefined for other chains, and for those that are complete.
 */
function localPolicyLines(
  { name: chain, lines }: LoadedChain,
  nat: Chains,
  { localDetector }: FamilySettings,
): readonly string[] | undefined {
  const hash = chain.slice(externalPrefix.length);
  const cluster = `KUBE-SVC-${hash}`;
  const typical = lines.find((line) => line.includes(" --src-type LOCAL") || line.includes('"pod traffic for '));
  const [, name] = localPolicyComment.exec(typical ?? "") ?? [];
  if (name === undefined || !nat.has(cluster)) return undefined;
  const start = appendTo(chain);
  const pods = localDetector && fromLocal(localDetector);
  const fromNode = addressType("src", "LOCAL");
  const wanted = [
    ...(pods === undefined
      ? lines.filter((line) => line.includes('"pod traffic for '))
      : [
          start +
            pods.source +
            pods.interface +
            comment(`pod traffic for ${name} external destinations`) +
            jump(cluster),
        ]),
    start +
      comment(`masquerade LOCAL traffic for ${name} external destinations`) +
      fromNode +
      jump(iptablesChains.markMasquerade),
    start + comment(`route LOCAL traffic for ${name} external destinations`) + fromNode + jump(cluster),
    ...lines.filter((line) => line.endsWith(` -j KUBE-SVL-${hash}`)),
  ];
  return wanted.length === lines.length && wanted.every((line, at) => line === lines[at]) ? undefined : wanted;
}

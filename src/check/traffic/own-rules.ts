import { ruleAt } from "../../datapath/chain-index.ts";
import type { EvaluatedHost, LoadedRules } from "../../datapath/host.ts";
import type { LoadedChain } from "../../ir/datapath.ts";
import { stagesOf } from "../../languages/iptables/stages.ts";
import { iptablesReader } from "../../languages/iptables/to-datapath.ts";
import type { Family } from "../../model/address.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { FamilySettings } from "../../plan/forwarding/forwarding-plan.ts";
import { iptablesChains, ipvsChains, isOwnedChain } from "../../programs/kube-proxy/chain-names.ts";
import {
  jumps as iptablesJumps,
  markMasqueradeRules,
  nodePortDispatchRules,
  postroutingRules,
} from "../../programs/kube-proxy/iptables/base.ts";
import { jumps as ipvsJumps, natRules } from "../../programs/kube-proxy/ipvs/rules.ts";
import { setName } from "../../programs/kube-proxy/set-names.ts";
import type { Jump } from "../../programs/kube-proxy/steps.ts";

/** Whether a chain is kube-proxy's, in any version: KUBE-MARK-DROP was its own until Kubernetes 1.25. */
export function isKubeProxyChain(name: string): boolean {
  return isOwnedChain(name) || name === "KUBE-MARK-DROP";
}

const jumpsOf: Readonly<Record<ProxyMode, readonly Jump[]>> = { iptables: iptablesJumps, ipvs: ipvsJumps };

/**
 * The same host as if only kube-proxy's rules were on it: its jumps come first in the built-in chains, the chains that
 * all Services share have their rules, and there are no rules of other programs. What a packet meets here is what
 * kube-proxy intends for it.
 */
export function withOwnRulesOnly(host: EvaluatedHost, mode: ProxyMode): EvaluatedHost {
  const own = (family: Family): LoadedRules => ownRules(host, family, mode);
  const families = { ipv4: own("ipv4"), ipv6: own("ipv6") };
  const balancer = host.stages.filter(({ type }) => type === "balance");
  const stages = [...stagesOf("ip", families.ipv4.tables), ...stagesOf("ip6", families.ipv6.tables), ...balancer];
  return { ...host, families, stages };
}

function ownRules(host: EvaluatedHost, family: Family, mode: ProxyMode): LoadedRules {
  const tables = new Map<string, ReadonlyMap<string, LoadedChain>>();
  for (const name of ["nat", "filter"] as const) {
    const shown = host.families[family].tables.get(name);
    if (shown === undefined) continue;
    const chains = new Map<string, LoadedChain>();
    for (const [chain, loaded] of shown)
      if (isKubeProxyChain(chain)) chains.set(chain, withoutForeign(loaded, name, mode));
    if (name === "nat") for (const chain of repaired(chains, host, { family, mode })) chains.set(chain.name, chain);
    for (const chain of builtIns(name, chains, mode)) chains.set(chain.name, chain);
    tables.set(name, chains);
  }
  return { tables, problems: [] };
}

/** Rules of kube-proxy with these targets: without them a chain is left as it is. */
const verdict = / -j (?:ACCEPT|DROP|RETURN|REJECT(?: --reject-with \S+)?)$/;

/** Without rules that something else has added to a chain of kube-proxy, where these can be told. */
function withoutForeign(chain: LoadedChain, table: string, mode: ProxyMode): LoadedChain {
  const isForeign = foreignIn(chain.name, table, mode);
  if (isForeign === undefined || !chain.lines.some((line) => verdict.test(line) && isForeign(line))) return chain;
  return chainOf(
    chain.name,
    chain.lines.filter((line) => !verdict.test(line) || !isForeign(line)),
  );
}

/** Tells a rule with a verdict that kube-proxy does not write; undefined where it writes such rules of any form. */
function foreignIn(chain: string, table: string, mode: ProxyMode): ((line: string) => boolean) | undefined {
  const { forward, services, externalServices } = iptablesChains;
  // iptables mode translates in table nat, and refuses in table filter.
  if (table === "nat" && mode === "iptables") return chain === iptablesChains.postrouting ? undefined : () => true;
  if (mode === "ipvs" && ipvsChainsOfSets.has(chain)) return (line) => !ofIpvsMode.test(line);
  if (table === "nat") return undefined;
  if (chain === forward) return (line) => line.endsWith(" -j DROP") && !line.includes(" INVALID ");
  if (chain === services || chain === externalServices) return (line) => !line.includes(" has no ");
  return undefined;
}

/** Their rules with verdicts all match on sets, virtual servers or loopback. */
const ipvsChainsOfSets: ReadonlySet<string> = new Set([
  ipvsChains.services,
  ipvsChains.nodePort,
  ipvsChains.loadBalancer,
  ipvsChains.ipvsFilter,
  ipvsChains.ipvsOutFilter,
]);
const ofIpvsMode = / --match-set KUBE-| -m ipvs | -s (?:127\.0\.0\.0\/8|::1\/128) /;

function builtIns(
  table: "nat" | "filter",
  chains: ReadonlyMap<string, LoadedChain>,
  mode: ProxyMode,
): readonly LoadedChain[] {
  const names = table === "nat" ? ["PREROUTING", "OUTPUT", "POSTROUTING"] : ["INPUT", "FORWARD", "OUTPUT"];
  return names.map((name) => {
    const own = jumpsOf[mode].filter((jump) => jump.table === table && jump.chain === name);
    const lines = own.map(({ rule }) => `-A ${name}${rule}`);
    return chainOf(
      name,
      lines.filter((line) => chains.has(lastWord(line))),
      "ACCEPT",
    );
  });
}

/** A jump of kube-proxy as `iptables -I` takes it. */
export function jumpCommand(mode: ProxyMode, table: string, chain: string, to: string): string | undefined {
  const found = jumpsOf[mode].find(
    (jump) => jump.table === table && jump.chain === chain && lastWord(jump.rule) === to,
  );
  return found && `-t ${table} -I ${chain}${found.rule}`;
}

function lastWord(text: string): string {
  return text.slice(text.lastIndexOf(" ") + 1);
}

function chainOf(name: string, lines: readonly string[], policy?: string): LoadedChain {
  return { name, policy, lines, numbers: lines.map(() => 0), files: [""], reader: iptablesReader };
}

interface Kind {
  readonly family: Family;
  readonly mode: ProxyMode;
}

/** The chains that all Services share, with the rules that they have lost. */
function repaired(chains: ReadonlyMap<string, LoadedChain>, host: EvaluatedHost, kind: Kind): readonly LoadedChain[] {
  const settings = settingsOf(chains, kind.family);
  const found: LoadedChain[] = [];
  const { markMasquerade, postrouting, services } = iptablesChains;
  if (chains.has(markMasquerade)) found.push(chainOf(markMasquerade, markMasqueradeRules(settings)));
  const leaving = chains.get(postrouting);
  if (leaving !== undefined) {
    const hairpin = leaving.lines.filter((line) => line.includes(" --match-set "));
    const lost = kind.mode === "ipvs" && hairpin.length === 0 ? ipvsLines(host, settings, postrouting) : [];
    found.push(chainOf(postrouting, [...hairpin, ...(lost.length > 0 ? lost : postroutingRules(settings))]));
  }
  if (kind.mode === "ipvs") {
    for (const name of [services, ipvsChains.nodePort, ipvsChains.loadBalancer])
      if (chains.get(name)?.lines.length === 0) found.push(chainOf(name, ipvsLines(host, settings, name)));
  } else {
    const own = chains.get(services);
    const lost = lostClusterIps(chains, host.families[kind.family]).map(({ line }) => line);
    if (own !== undefined && (lost.length > 0 || own.lines.length === 0)) {
      const rest = own.lines.length > 0 ? own.lines : nodePortDispatchRules(settings);
      found.push(chainOf(services, [...lost, ...rest]));
    }
  }
  return found;
}

/** What kube-proxy writes into a chain of ipvs mode for the sets that have entries. */
function ipvsLines(host: EvaluatedHost, settings: FamilySettings, chain: string): readonly string[] {
  const has = (set: Parameters<typeof setName>[0]): boolean =>
    (host.sets.get(setName(set, settings.family))?.entries.length ?? 0) > 0;
  return natRules(settings, has).filter((line) => line.startsWith(`-A ${chain} `));
}

const clusterIpRule = /^-A (KUBE-SV[CL]-\S+) .*?(-d \S+) .*?(-p \S+ .* cluster IP".* --dport \d+) -j KUBE-MARK-MASQ$/;

/** A rule that KUBE-SERVICES should have. */
export interface LostRule {
  readonly line: string;
  /** The rule of the service port's chain that shows it. */
  readonly shownBy: { readonly chain: LoadedChain; readonly at: number };
}

/**
 * The cluster IPs for which KUBE-SERVICES has no rule, although the chain of the service port is in use: its first rule
 * names the address. A chain that no rule calls may be a leftover of a deleted Service, unless all of them are.
 */
export function lostClusterIps(
  nat: ReadonlyMap<string, LoadedChain>,
  { tables }: Pick<LoadedRules, "tables">,
): readonly LostRule[] {
  const { services } = iptablesChains;
  const dispatched = [nat.get(services), tables.get("filter")?.get(services)].flatMap((chain) => chain?.lines ?? []);
  const known = new Set(dispatched.flatMap((line) => addressAndPort.exec(line)?.slice(1).join(" ") ?? []));
  const isFlushed = nat.has(services) && known.size === 0;
  const calledOutside = isFlushed ? undefined : externallyCalled(nat);
  return [...nat.values()].flatMap((chain) => {
    const [, name, to = "", match = ""] = clusterIpRule.exec(chain.lines[0] ?? "") ?? [];
    if (name === undefined || (calledOutside !== undefined && !calledOutside.has(name))) return [];
    const line = `-A ${services} ${to} ${match} -j ${name}`;
    const key = addressAndPort.exec(line)?.slice(1).join(" ");
    return key === undefined || known.has(key) ? [] : [{ line, shownBy: { chain, at: 0 } }];
  });
}

const addressAndPort = / -d (\S+) .*-m (\w+) --dport (\d+)/;

/** The chains that external traffic of a service port in use goes to. */
function externallyCalled(nat: ReadonlyMap<string, LoadedChain>): ReadonlySet<string> {
  const called = new Set<string>();
  for (const start of [iptablesChains.services, iptablesChains.nodePorts]) {
    for (const line of nat.get(start)?.lines ?? []) called.add(lastWord(line));
  }
  for (const name of called) {
    if (!name.startsWith("KUBE-FW-") && !name.startsWith("KUBE-EXT-")) continue;
    for (const line of nat.get(name)?.lines ?? []) called.add(lastWord(line));
  }
  return called;
}

const defaultMark = 0x4000;

/** The mark that the rules agree on: KUBE-FORWARD is not shown by `iptables-save -t nat`. */
function settingsOf(chains: ReadonlyMap<string, LoadedChain>, family: Family): FamilySettings {
  const asked = [iptablesChains.postrouting, iptablesChains.markMasquerade]
    .flatMap((name) => {
      const chain = chains.get(name);
      return chain === undefined ? [] : chain.lines.map((_, at) => ruleAt(chain, at));
    })
    .flatMap(({ predicates, action }) => [
      ...predicates.flatMap((each) => (each.kind === "mark" && each.of === "packet" ? [each.mask] : [])),
      ...(action.kind === "set-mark" && action.value !== 0 ? [action.value] : []),
    ]);
  return {
    family,
    localDetector: undefined,
    masqueradeAll: false,
    masqueradeMark: asked.find((mask) => mask > 0 && mask < 0x80000000) ?? defaultMark,
    randomFully: false,
    dropsInvalid: false,
    nfacct: false,
    nodePorts: { kind: "every-address" },
    hostAddresses: [],
    localhostNodePorts: true,
    largeCluster: false,
  };
}

import type { EvaluatedHost, LoadedRules } from "../../datapath/host.ts";
import { fileOf, type LoadedChain } from "../../ir/datapath.ts";
import { stagesOf } from "../../languages/iptables/stages.ts";
import type { Family } from "../../model/address.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { iptablesChains, ipvsChains, isOwnedChain } from "../../programs/kube-proxy/chain-names.ts";
import { programFor } from "../../programs/registry.ts";
import { chainOf, restoreIptablesChains } from "./restore-iptables.ts";
import { restoreIpvsChains } from "./restore-ipvs.ts";
import { shownSettings } from "./shown-settings.ts";

/** Whether a chain is kube-proxy's, in any version: KUBE-MARK-DROP was its own until Kubernetes 1.25. */
export function isKubeProxyChain(name: string): boolean {
  return isOwnedChain(name) || name === "KUBE-MARK-DROP";
}

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
  const rules = host.families[family];
  const settings = shownSettings(rules.tables.get("nat") ?? new Map(), family, mode);
  const tables = new Map<string, ReadonlyMap<string, LoadedChain>>();
  for (const name of ["nat", "filter"] as const) {
    const shown = rules.tables.get(name);
    if (shown === undefined) continue;
    const chains = new Map<string, LoadedChain>();
    for (const [chain, loaded] of shown)
      if (isKubeProxyChain(chain)) chains.set(chain, withoutForeign(loaded, name, mode));
    const restored =
      mode === "ipvs"
        ? restoreIpvsChains(name, chains, host, settings)
        : name === "nat"
          ? restoreIptablesChains(chains, rules, settings)
          : [];
    for (const chain of [...restored, ...builtIns(name, chains, mode)]) chains.set(chain.name, chain);
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
    const own = programFor({ mode }).jumps.filter((jump) => jump.table === table && jump.chain === name);
    const lines = own.map(({ rule }) => `-A ${name}${rule}`);
    return chainOf(
      name,
      lines.filter((line) => chains.has(lastWord(line))),
      "ACCEPT",
    );
  });
}

/**
 * The same host with kube-proxy's jumps in the built-in chains that the text does not declare: a part of a dump does not
 * show whether they exist.
 */
export function withUnseenJumps(host: EvaluatedHost, mode: ProxyMode): EvaluatedHost {
  const complete = (family: Family): LoadedRules => {
    const { tables, problems } = host.families[family];
    const all = new Map<string, ReadonlyMap<string, LoadedChain>>(tables);
    for (const name of ["nat", "filter"] as const) {
      const chains = tables.get(name);
      if (chains === undefined) continue;
      const unseen = builtIns(name, chains, mode).filter((chain) => !isSeen(chains.get(chain.name)));
      const added = unseen.map((chain): readonly [string, LoadedChain] => {
        const shown = chains.get(chain.name);
        return [chain.name, shown === undefined ? chain : joined(chain, shown)];
      });
      all.set(name, new Map([...chains, ...added]));
    }
    return { tables: all, problems };
  };
  const families = { ipv4: complete("ipv4"), ipv6: complete("ipv6") };
  const balancer = host.stages.filter(({ type }) => type === "balance");
  return {
    ...host,
    families,
    stages: [...stagesOf("ip", families.ipv4.tables), ...stagesOf("ip6", families.ipv6.tables), ...balancer],
  };
}

/** Declared with its policy, or with a jump to a chain of kube-proxy. */
function isSeen(chain: LoadedChain | undefined): boolean {
  return (
    chain !== undefined && (chain.policy !== undefined || chain.lines.some((line) => isOwnedChain(lastWord(line))))
  );
}

function joined(first: LoadedChain, shown: LoadedChain): LoadedChain {
  return {
    ...shown,
    lines: [...first.lines, ...shown.lines],
    numbers: [...first.numbers, ...shown.numbers],
    files: [...first.lines.map(() => ""), ...shown.lines.map((_, at) => fileOf(shown, at))],
  };
}

/** A jump of kube-proxy as `iptables -I` takes it. */
export function jumpCommand(mode: ProxyMode, table: string, chain: string, to: string): string | undefined {
  const found = programFor({ mode }).jumps.find(
    (jump) => jump.table === table && jump.chain === chain && lastWord(jump.rule) === to,
  );
  return found && `-t ${table} -I ${chain}${found.rule}`;
}

function lastWord(text: string): string {
  return text.slice(text.lastIndexOf(" ") + 1);
}

import { ruleAt } from "../../../datapath/chain-index.ts";
import type { EvaluatedHost, LoadedRules } from "../../../datapath/host.ts";
import { fileOf, type LoadedChain, type Predicate } from "../../../ir/datapath.ts";
import { stagesOf } from "../../../languages/iptables/stages.ts";
import { iptablesReader } from "../../../languages/iptables/to-datapath.ts";
import { type Family, parseCidr } from "../../../model/address.ts";
import { defaultKubeProxyVersion, versionTraits } from "../../../model/proxy-configuration/kube-proxy-version.ts";
import type { FamilySettings, LocalTrafficDetector } from "../../../plan/forwarding/forwarding-plan.ts";
import type { Jump } from "../../program.ts";
import { iptablesChains, isOwnedChain } from "../chain-names.ts";

export type Chains = ReadonlyMap<string, LoadedChain>;

type OwnTable = Jump["table"];

const ownTables: readonly OwnTable[] = ["nat", "filter"];

/** How a mode writes its rules of iptables: what they are where some are lost, and what tells them from others. */
export interface RuleForms {
  readonly jumps: readonly Jump[];
  /** The chains of a table that have lost rules, as the host shows that they should be. */
  readonly restore: (table: OwnTable, chains: Chains, shown: Shown) => readonly LoadedChain[];
  /** Tells a rule with a verdict that kube-proxy does not write; undefined where it writes such rules of any form. */
  readonly foreignIn: (chain: string, table: OwnTable) => ((line: string) => boolean) | undefined;
  /** The chains of table nat whose rules tell pods from other sources. */
  readonly tellsPods: (chain: string) => boolean;
  /** Whether rules of table nat masquerade all packets to cluster IPs. */
  readonly masqueradesAll: (nat: Chains) => boolean;
}

/** A host, and the settings that its rules of a family show. */
export interface Shown {
  readonly host: EvaluatedHost;
  readonly settings: FamilySettings;
}

/** A chain with rules that are not in the text. */
export function chainOf(name: string, lines: readonly string[], policy?: string): LoadedChain {
  return { name, policy, lines, numbers: lines.map(() => 0), files: [""], reader: iptablesReader };
}

/** Whether a chain is kube-proxy's, in any version: KUBE-MARK-DROP was its own until Kubernetes 1.25. */
export function isKubeProxyChain(name: string): boolean {
  return isOwnedChain(name) || name === "KUBE-MARK-DROP";
}

/**
 * The same host as if only kube-proxy's rules were on it: its jumps come first in the built-in chains, the chains that
 * all Services share have their rules, and there are no rules of other programs. What a packet meets here is what
 * kube-proxy intends for it.
 */
export function withOwnRulesOnly(host: EvaluatedHost, forms: RuleForms): EvaluatedHost {
  return withRules(host, (family) => ownRules(host, family, forms));
}

function withRules(host: EvaluatedHost, rulesOf: (family: Family) => LoadedRules): EvaluatedHost {
  const families = { ipv4: rulesOf("ipv4"), ipv6: rulesOf("ipv6") };
  const balancer = host.stages.filter(({ type }) => type === "balance");
  const stages = [...stagesOf("ip", families.ipv4.tables), ...stagesOf("ip6", families.ipv6.tables), ...balancer];
  return { ...host, families, stages };
}

function ownRules(host: EvaluatedHost, family: Family, forms: RuleForms): LoadedRules {
  const rules = host.families[family].tables;
  const settings = shownSettings(rules.get("nat") ?? new Map(), family, forms);
  const tables = new Map<string, Chains>();
  for (const name of ownTables) {
    const shown = rules.get(name);
    if (shown === undefined) continue;
    const chains = new Map<string, LoadedChain>();
    for (const [chain, loaded] of shown)
      if (isKubeProxyChain(chain)) chains.set(chain, withoutForeign(loaded, forms.foreignIn(chain, name)));
    const restored = forms.restore(name, chains, { host, settings });
    for (const chain of [...restored, ...builtIns(name, chains, forms.jumps)]) chains.set(chain.name, chain);
    tables.set(name, chains);
  }
  return { tables, problems: [] };
}

/** Rules of kube-proxy with these targets: without them a chain is left as it is. */
const verdict = / -j (?:ACCEPT|DROP|RETURN|REJECT(?: --reject-with \S+)?)$/;

/** Without rules that something else has added to a chain of kube-proxy, where these can be told. */
function withoutForeign(chain: LoadedChain, isForeign: ((line: string) => boolean) | undefined): LoadedChain {
  if (isForeign === undefined || !chain.lines.some((line) => verdict.test(line) && isForeign(line))) return chain;
  return chainOf(
    chain.name,
    chain.lines.filter((line) => !verdict.test(line) || !isForeign(line)),
  );
}

/** In table filter kube-proxy refuses packets of Services without endpoints, and what it does not forward. */
export function foreignInFilter(chain: string): ((line: string) => boolean) | undefined {
  const { forward, services, externalServices } = iptablesChains;
  if (chain === forward) return (line) => line.endsWith(" -j DROP") && !line.includes(" INVALID ");
  if (chain === services || chain === externalServices) return (line) => !line.includes(" has no ");
  return undefined;
}

function builtIns(table: OwnTable, chains: Chains, jumps: readonly Jump[]): readonly LoadedChain[] {
  const names = table === "nat" ? ["PREROUTING", "OUTPUT", "POSTROUTING"] : ["INPUT", "FORWARD", "OUTPUT"];
  return names.map((name) => {
    const own = jumps.filter((jump) => jump.table === table && jump.chain === name);
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
export function withUnseenJumps(host: EvaluatedHost, { jumps }: RuleForms): EvaluatedHost {
  return withRules(host, (family) => {
    const { tables, problems } = host.families[family];
    const all = new Map<string, Chains>(tables);
    for (const name of ownTables) {
      const chains = tables.get(name);
      if (chains === undefined) continue;
      const unseen = builtIns(name, chains, jumps).filter((chain) => !isSeen(chains.get(chain.name)));
      const added = unseen.map((chain): readonly [string, LoadedChain] => {
        const shown = chains.get(chain.name);
        return [chain.name, shown === undefined ? chain : joined(chain, shown)];
      });
      all.set(name, new Map([...chains, ...added]));
    }
    return { tables: all, problems };
  });
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

/** The target of a jump, and the name of a chain in other lines that end with it. */
export function lastWord(text: string): string {
  return text.slice(text.lastIndexOf(" ") + 1);
}

const defaultMark = 0x4000;

/** The settings of kube-proxy that rules of table nat show, with defaults where they do not. */
function shownSettings(nat: Chains, family: Family, forms: RuleForms): FamilySettings {
  return {
    family,
    localDetector: detectorOf(podMatches(nat, forms)[0]),
    masqueradeAll: forms.masqueradesAll(nat),
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
export function podMatches(nat: Chains, { tellsPods }: Pick<RuleForms, "tellsPods">): readonly Predicate[] {
  const asks = (each: Predicate): boolean =>
    (each.kind === "address-in" && each.side === "source") || (each.kind === "interface" && each.side === "in");
  const marks = ` -j ${iptablesChains.markMasquerade}`;
  for (const chain of nat.values()) {
    const isAsking = tellsPods(chain.name);
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

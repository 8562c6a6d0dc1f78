import { contains, parseAddressSet } from "../../datapath/address-set.ts";
import { addressNumber } from "../../datapath/addresses.ts";
import { exactDestination, ruleAt, rulesFor } from "../../datapath/chain-index.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Rule } from "../../languages/iptables/rule.ts";
import { type Chains, lastTarget, type TablePair } from "../rules/changed-chains.ts";
import { changedKernelState } from "./kernel-state.ts";
import { isIpv6Key, type Key } from "./referenced-destinations.ts";

export type TablePairs = ReadonlyMap<string, TablePair>;

/** What both families' rules are, side by side. */
export interface RulePairs {
  readonly ipv4: TablePairs;
  readonly ipv6: TablePairs;
}

/**
 * Says of a key, without following a packet, that both sides treat it alike: the rules that can see it are the same
 * lines. False means only that somebody has to look.
 */
export function createSurelyEqual(pairs: RulePairs, base: EvaluatedHost, head: EvaluatedHost): (key: Key) => boolean {
  if (!sameWorld(base, head)) return () => false;
  const kernel = changedKernelState(base, head);
  const ofFamily = (tables: TablePairs) => {
    const after = afterTranslation(tables);
    if (after === undefined) return () => false;
    return (key: Key) => !after.has(key.address) && firstHooks.every((hook) => sameForKey(tables, hook, key));
  };
  const [ipv4, ipv6] = [ofFamily(pairs.ipv4), ofFamily(pairs.ipv6)];
  return (key) => !kernel.concerns(key) && (isIpv6Key(key) ? ipv6 : ipv4)(key);
}

function sameWorld(base: EvaluatedHost, head: EvaluatedHost): boolean {
  return JSON.stringify(base.world) === JSON.stringify(head.world);
}

/** Where packets still have the destination they came with. */
const firstHooks: readonly (readonly [string, string])[] = ["PREROUTING", "OUTPUT"].flatMap((chain) =>
  ["raw", "mangle", "nat"].map((table) => [table, chain] as const),
);

/** Where it may have been translated. */
const laterHooks: readonly (readonly [string, string])[] = [
  ...["INPUT", "FORWARD", "OUTPUT"].flatMap((chain) =>
    ["filter", "security", "mangle"].map((table) => [table, chain] as const),
  ),
  ["mangle", "POSTROUTING"],
  ["nat", "POSTROUTING"],
];

/**
 * The destinations for which the later hooks differ; undefined where they differ for destinations nobody can list, or
 * for one that packets are translated to.
 */
function afterTranslation(tables: TablePairs): ReadonlySet<string> | undefined {
  const addresses = new Set<string>();
  for (const [table, hook] of laterHooks) {
    const pair = tables.get(table);
    if (pair === undefined || !pair.affected.has(hook)) continue;
    for (const name of reachable(pair, hook)) {
      const differing = differingRules(pair, name);
      if (differing === undefined) return undefined;
      for (const rule of differing) {
        const address = exactDestination(rule);
        if (address === undefined) return undefined;
        addresses.add(address);
      }
    }
  }
  return addresses.size > 0 && isTranslatedTo(tables, addresses) ? undefined : addresses;
}

/** Chains that packets come to on both sides by way of affected ones. */
function reachable({ base, head, affected }: TablePair, hook: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || !affected.has(name) || !base.has(name) || !head.has(name)) return;
    found.add(name);
    for (const side of [base, head]) for (const line of side.get(name)?.lines ?? []) visit(lastTarget(line));
  };
  if (base.has(hook) && head.has(hook)) visit(hook);
  else found.add(hook);
  return found;
}

/** The rules of a chain that one side alone has; undefined where it is their order that differs. */
function differingRules({ base, head, different }: TablePair, name: string): readonly Rule[] | undefined {
  if (!different.has(name)) return [];
  const [before, after] = [base.get(name), head.get(name)];
  if (before?.policy !== after?.policy) return undefined;
  const known = new Set(before?.lines);
  const shared = new Set(after?.lines.filter((line) => known.has(line)));
  const kept = (side: typeof before) => side?.lines.filter((line) => shared.has(line)) ?? [];
  if (kept(before).join("\n") !== kept(after).join("\n")) return undefined;
  return [before, after].flatMap((side) =>
    (side?.lines ?? []).flatMap((line, at) => (shared.has(line) || side === undefined ? [] : [ruleAt(side, at)])),
  );
}

function isTranslatedTo(tables: TablePairs, addresses: ReadonlySet<string>): boolean {
  const nat = tables.get("nat");
  const option = "--to-destination ";
  for (const side of [nat?.base, nat?.head]) {
    for (const chain of side?.values() ?? []) {
      for (const line of chain.lines) {
        const at = line.indexOf(option);
        if (at >= 0 && addresses.has(line.slice(at + option.length).replace(/^\[|[\]:]*[^\]:]*$/g, ""))) return true;
      }
    }
  }
  return false;
}

/** Whether the rules that can see the key from this hook on are the same lines on both sides. */
function sameForKey(tables: TablePairs, [table, hook]: readonly [string, string], key: Key): boolean {
  const pair = tables.get(table);
  if (pair === undefined || !pair.affected.has(hook)) return true;
  const trace = (side: Chains): string => {
    const lines: string[] = [];
    traceChain({ side, affected: pair.affected, key, lines }, hook, 0);
    return lines.join("\n");
  };
  return trace(pair.base) === trace(pair.head);
}

interface Tracing {
  readonly side: Chains;
  readonly affected: ReadonlySet<string>;
  readonly key: Key;
  readonly lines: string[];
}

const deepest = 64;

function traceChain(tracing: Tracing, name: string, depth: number): void {
  const chain = tracing.side.get(name);
  tracing.lines.push(`{ ${chain?.policy ?? ""}`);
  for (const at of chain === undefined ? [] : rulesFor(chain, tracing.key.address, tracing.key.port)) {
    const rule = ruleAt(chain as NonNullable<typeof chain>, at);
    if (!canSee(rule, tracing.key)) continue;
    tracing.lines.push(rule.text);
    const target = lastTarget(rule.text);
    if (depth < deepest && tracing.affected.has(target)) traceChain(tracing, target, depth + 1);
  }
  tracing.lines.push("}");
}

function canSee(rule: Rule, key: Key): boolean {
  const exact = exactDestination(rule);
  if (exact !== undefined && exact !== key.address) return false;
  return rule.matches.every((match) => {
    if (match.kind === "destination") {
      if (exact !== undefined && !match.negated) return true;
      const set = parseAddressSet(match.range);
      return set === undefined || contains(set, addressNumber(key.address)) !== match.negated;
    }
    if (match.kind === "destination-port") {
      if (match.protocol !== key.protocol) return false;
      const { ports } = match;
      return ports === undefined || (ports.from <= key.port && key.port <= ports.to) !== match.negated;
    }
    return match.kind !== "protocol" || (match.protocol === key.protocol) !== match.negated;
  });
}

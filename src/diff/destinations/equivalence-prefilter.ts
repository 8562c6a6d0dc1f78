import { addressNumber, canonicalAddress, contains, isAddress, parseAddressSet } from "../../datapath/address-set.ts";
import { exactDestination, ruleAt, rulesFor } from "../../datapath/chain-index.ts";
import { elementSets, elementsAsked, elementsFor, partsOfAction } from "../../datapath/elements.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Action, ElementEntry, PacketRule, Predicate, Stage } from "../../ir/datapath.ts";
import type { Chains, TablePair } from "../changed-chains.ts";
import { changedKernelState } from "./kernel-state.ts";
import { type Destination, isIpv6Destination } from "./referenced-destinations.ts";

export type TablePairs = ReadonlyMap<string, TablePair>;

/** The rules of both families, paired. */
export interface RulePairs {
  readonly ipv4: TablePairs;
  readonly ipv6: TablePairs;
}

/**
 * Decides for a destination, without evaluating a packet, that both sides treat it alike: the rules that can match it
 * are the same lines. False only means that the destination must be evaluated.
 */
export function createEquivalencePrefilter(
  pairs: RulePairs,
  base: EvaluatedHost,
  head: EvaluatedHost,
): (destination: Destination) => boolean {
  if (!sameEnvironment(base, head) || base.otherOrder !== undefined || head.otherOrder !== undefined)
    return () => false;
  const kernel = changedKernelState(base, head);
  const ofFamily = (tables: TablePairs, family: Stage["family"]) => {
    const stages = stagesOf(family, [base, head]);
    const after = afterTranslation(tables, stages);
    if (after === undefined) return () => false;
    const first = stages.filter(seesFirst);
    return (destination: Destination) =>
      !after.has(destination.address) && first.every((stage) => sameForDestination(tables, stage, destination));
  };
  const [ipv4, ipv6] = [ofFamily(pairs.ipv4, "ip"), ofFamily(pairs.ipv6, "ip6")];
  return (destination) => !kernel.concerns(destination) && (isIpv6Destination(destination) ? ipv6 : ipv4)(destination);
}

function sameEnvironment(base: EvaluatedHost, head: EvaluatedHost): boolean {
  return JSON.stringify(base.world) === JSON.stringify(head.world);
}

/** The base chains of both sides, each once. */
function stagesOf(family: Stage["family"], hosts: readonly EvaluatedHost[]): readonly Stage[] {
  const found = new Map<string, Stage>();
  for (const stage of hosts.flatMap(({ stages }) => stages)) {
    if (stage.type === "balance" || (stage.family !== family && stage.family !== "inet")) continue;
    found.set(`${stage.entry.table} ${stage.entry.chain}`, stage);
  }
  return [...found.values()];
}

/** Where nat changes destinations (NF_IP_PRI_NAT_DST). */
const natPriority = -100;

/** Packets meet it with their original destination, at least sometimes. */
function seesFirst({ hook, priority }: Stage): boolean {
  return (hook === "prerouting" || hook === "output") && priority <= natPriority;
}

/** Packets meet it with a translated destination. nat is excluded in prerouting and output: it is called once. */
function seesTranslated({ hook, type }: Stage): boolean {
  return type !== "nat" || (hook !== "prerouting" && hook !== "output");
}

/**
 * The destinations for which the later chains differ. Undefined where these cannot be listed, or where packets are
 * translated to one of them.
 */
function afterTranslation(tables: TablePairs, stages: readonly Stage[]): ReadonlySet<string> | undefined {
  const addresses = new Set<string>();
  for (const { entry } of stages.filter(seesTranslated)) {
    const pair = tables.get(entry.table);
    if (pair === undefined || !pair.affected.has(entry.chain)) continue;
    for (const name of reachable(pair, entry.chain)) {
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

/** Chains that packets can reach on both sides through affected chains. */
function reachable({ base, head, affected }: TablePair, hook: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || !affected.has(name) || !base.has(name) || !head.has(name)) return;
    found.add(name);
    for (const side of [base, head]) {
      const chain = side.get(name);
      for (const line of chain?.lines ?? []) for (const target of chain?.reader.targetsOf(line) ?? []) visit(target);
    }
  };
  if (base.has(hook) && head.has(hook)) visit(hook);
  else found.add(hook);
  return found;
}

type Conditions = Pick<PacketRule, "predicates">;

/** The rules of a chain that only one side has, and the elements that its rules ask; undefined where their order differs. */
function differingRules(pair: TablePair, name: string): readonly Conditions[] | undefined {
  const { base, head, different } = pair;
  const elements = differingElements(pair, name);
  if (!different.has(name)) return elements;
  const [before, after] = [base.get(name), head.get(name)];
  if (before?.policy !== after?.policy) return undefined;
  const known = new Set(before?.lines);
  const shared = new Set(after?.lines.filter((line) => known.has(line)));
  const kept = (side: typeof before) => side?.lines.filter((line) => shared.has(line)) ?? [];
  if (kept(before).join("\n") !== kept(after).join("\n")) return undefined;
  const rules = [before, after].flatMap((side) =>
    (side?.lines ?? []).flatMap((line, at) => (shared.has(line) || side === undefined ? [] : [ruleAt(side, at)])),
  );
  return [...rules, ...elements];
}

/** The elements of sets and maps that rules of a chain ask and that only one side has. */
function differingElements({ base, head, differentSets }: TablePair, name: string): readonly ElementEntry[] {
  if (differentSets.size === 0) return [];
  const sides = [base.get(name), head.get(name)].map((chain) =>
    (chain?.lines ?? []).flatMap((line, at) => {
      const asks = chain?.reader.setsOf(line).some((set) => differentSets.has(set)) === true;
      return asks && chain !== undefined ? elementsAsked(ruleAt(chain, at)) : [];
    }),
  );
  const texts = sides.map((entries) => new Set(entries.map(({ text }) => text)));
  return sides.flatMap((entries, side) => entries.filter(({ text }) => !texts[1 - side]?.has(text)));
}

function isTranslatedTo(tables: TablePairs, addresses: ReadonlySet<string>): boolean {
  for (const { base, head } of tables.values()) {
    for (const chain of [...base.values(), ...head.values()]) {
      for (const [at, line] of chain.lines.entries()) {
        if (!chain.reader.mayTranslate(line)) continue;
        // Most rules of a large node are of this kind.
        const spelled = chain.reader.peekTranslation(line);
        if (spelled !== undefined && isAddress(spelled)) {
          if (addresses.has(canonicalAddress(spelled))) return true;
          continue;
        }
        const { action } = chain.reader.read({ text: line, number: chain.numbers[at] ?? 0 });
        if (mayTranslateTo(action, addresses)) return true;
      }
    }
  }
  return false;
}

function mayTranslateTo(action: Action, addresses: ReadonlySet<string>): boolean {
  if (action.kind === "map-network" || action.kind === "unknown") return true;
  const parts = partsOfAction(action);
  if (parts.length > 0) return parts.some((part) => mayTranslateTo(part, addresses));
  if (action.kind !== "dnat") return false;
  const { to } = action;
  return to.kind !== "address" || !isAddress(to.address) || addresses.has(canonicalAddress(to.address));
}

/** Whether the rules that can match the destination, from this base chain on, are the same lines on both sides. */
function sameForDestination(tables: TablePairs, { entry }: Stage, destination: Destination): boolean {
  const pair = tables.get(entry.table);
  if (pair === undefined || !pair.affected.has(entry.chain)) return true;
  const trace = (side: Chains): string => {
    const lines: string[] = [];
    traceChain({ side, affected: pair.affected, destination, lines }, entry.chain, 0);
    return lines.join("\n");
  };
  return trace(pair.base) === trace(pair.head);
}

interface TraceContext {
  readonly side: Chains;
  readonly affected: ReadonlySet<string>;
  readonly destination: Destination;
  readonly lines: string[];
}

const deepest = 64;

function traceChain(context: TraceContext, name: string, depth: number): void {
  const { side, affected, destination, lines } = context;
  const chain = side.get(name);
  lines.push(`{ ${chain?.policy ?? ""}`);
  for (const at of chain === undefined ? [] : rulesFor(chain, destination.address, destination.port)) {
    const { reader } = chain as NonNullable<typeof chain>;
    const rule = ruleAt(chain as NonNullable<typeof chain>, at);
    if (!canSee(rule, destination)) continue;
    lines.push(rule.text);
    const asked = elementSets(rule).flatMap((elements) => elementsFor(elements, toDestination(destination)));
    for (const { text } of asked) lines.push(text);
    // Of a map, those that the destination's elements lead to.
    const targets =
      rule.action.kind === "by-element"
        ? asked.flatMap(({ text }) => reader.targetsOf(text))
        : reader.targetsOf(rule.text);
    for (const target of new Set(targets)) {
      if (depth < deepest && affected.has(target)) traceChain(context, target, depth + 1);
    }
  }
  lines.push("}");
}

function toDestination({ address: destination, port }: Destination): {
  readonly destination: string;
  readonly port: number;
} {
  return { destination, port };
}

function canSee(rule: PacketRule, destination: Destination): boolean {
  const exact = exactDestination(rule);
  if (exact !== undefined && exact !== destination.address) return false;
  return rule.predicates.every((predicate) => isMet(predicate, exact) || mayHold(predicate, destination));
}

/** Of the one address that a rule matches, which is the destination's here. */
function isMet(predicate: Predicate, exact: string | undefined): boolean {
  const asks = predicate.kind === "address-in" && predicate.side === "destination" && !predicate.negated;
  return asks && exact !== undefined;
}

function mayHold(predicate: Predicate, { address, port, protocol }: Destination): boolean {
  if (predicate.kind === "protocol") return (predicate.protocol === protocol) !== predicate.negated;
  if (predicate.kind === "port-in") {
    if (predicate.protocol !== undefined && predicate.protocol !== protocol) return false;
    const { side, ports, negated } = predicate;
    if (side !== "destination" || ports === undefined) return true;
    return ports.some(({ from, to }) => from <= port && port <= to) !== negated;
  }
  if (predicate.kind !== "address-in" || predicate.side !== "destination") return true;
  const sets = predicate.ranges.map(parseAddressSet);
  const value = addressNumber(address);
  const isWide = address.includes(":");
  const isIn = sets.some((set) => set !== undefined && (set.bits === 128) === isWide && contains(set, value));
  return sets.includes(undefined) || isIn !== predicate.negated;
}

import { addressNumber, canonicalAddress, contains, isAddress, parseAddressSet } from "../../datapath/address-set.ts";
import { exactDestination, ruleAt, rulesFor } from "../../datapath/chain-index.ts";
import { elementSets, elementsAsked, elementsFor, partsOfAction } from "../../datapath/elements.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type {
  Action,
  ElementEntry,
  Elements,
  LoadedChain,
  PacketRule,
  Predicate,
  RuleReader,
  Stage,
} from "../../ir/datapath.ts";
import { type Chains, type TablePair, withCallers } from "../changed-chains.ts";
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
    const addresses = afterTranslation(tables, stages);
    if (addresses === undefined) return () => false;
    const first = stages.filter(seesFirst);
    const translations = translationsTo(tables, addresses);
    return (destination: Destination) =>
      !addresses.has(destination.address) &&
      first.every((stage) => sameForDestination(tables, stage, { destination, translations }));
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

/** The destinations for which the later chains differ; undefined where these cannot be listed. */
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
  return addresses;
}

/** Where packets are translated to addresses for which later chains differ. */
interface Translations {
  readonly rules: ReadonlySet<string>;
  /** By table: the chains with such rules, and all chains that lead to them. */
  readonly chains: ReadonlyMap<string, ReadonlySet<string>>;
}

function translationsTo(tables: TablePairs, addresses: ReadonlySet<string>): Translations {
  const rules = new Set<string>();
  const chains = new Map<string, ReadonlySet<string>>();
  if (addresses.size === 0) return { rules, chains };
  for (const [table, { base, head }] of tables) {
    const names = new Set<string>();
    for (const chain of [...base.values(), ...head.values()]) {
      const found = chain.lines.filter((line, at) => translatesTo(chain, { line, at }, addresses));
      for (const line of found) rules.add(line);
      if (found.length > 0) names.add(chain.name);
    }
    chains.set(table, withCallers(names, base, head));
  }
  return { rules, chains };
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

function translatesTo(
  { reader, numbers }: LoadedChain,
  { line, at }: { readonly line: string; readonly at: number },
  addresses: ReadonlySet<string>,
): boolean {
  if (!reader.mayTranslate(line)) return false;
  // Most rules of a large node are of this kind.
  const spelled = reader.peekTranslations(line);
  if (spelled?.every(isAddress)) return spelled.some((address) => addresses.has(canonicalAddress(address)));
  return mayTranslateTo(reader.read({ text: line, number: numbers[at] ?? 0 }).action, addresses);
}

function mayTranslateTo(action: Action, addresses: ReadonlySet<string>): boolean {
  if (action.kind === "map-network" || action.kind === "unknown") return true;
  const parts = partsOfAction(action);
  if (parts.length > 0) return parts.some((part) => mayTranslateTo(part, addresses));
  if (action.kind !== "dnat") return false;
  const { to } = action;
  return to.kind !== "address" || !isAddress(to.address) || addresses.has(canonicalAddress(to.address));
}

/** A destination, and the translations that it must not meet. */
interface Question {
  readonly destination: Destination;
  readonly translations: Translations;
}

/**
 * Whether the rules that can match the destination, from this base chain on, are the same lines on both sides, and
 * translate to no address for which later chains differ.
 */
function sameForDestination(tables: TablePairs, { entry }: Stage, question: Question): boolean {
  const pair = tables.get(entry.table);
  if (pair === undefined) return true;
  const { destination, translations } = question;
  const translating = translations.chains.get(entry.table);
  const isFollowed = (name: string): boolean => pair.affected.has(name) || translating?.has(name) === true;
  if (!isFollowed(entry.chain)) return true;
  const trace = (side: Chains): Trace => {
    const context = { side, isFollowed, destination, translations, lines: [], isTranslated: false };
    traceChain(context, entry.chain, 0);
    return context;
  };
  const [base, head] = [trace(pair.base), trace(pair.head)];
  return !base.isTranslated && !head.isTranslated && base.lines.join("\n") === head.lines.join("\n");
}

interface Trace extends Question {
  readonly side: Chains;
  readonly isFollowed: (chain: string) => boolean;
  readonly lines: string[];
  /** A rule translates to an address for which later chains differ. */
  isTranslated: boolean;
}

const deepest = 64;

function traceChain(context: Trace, name: string, depth: number): void {
  const { side, isFollowed, destination, translations, lines } = context;
  const chain = side.get(name);
  lines.push(`{ ${chain?.policy ?? ""}`);
  for (const at of chain === undefined ? [] : rulesFor(chain, destination.address, destination.port)) {
    const { reader } = chain as NonNullable<typeof chain>;
    const rule = ruleAt(chain as NonNullable<typeof chain>, at);
    const { exact, sets, targets } = factsOf(rule, reader);
    if (!canSee(rule, exact, destination)) continue;
    lines.push(rule.text);
    if (translations.rules.has(rule.text)) context.isTranslated = true;
    const asked = sets.flatMap((elements) => elementsFor(elements, destinationIn(destination)));
    for (const { text } of asked) lines.push(text);
    for (const target of targets ?? new Set(asked.flatMap(({ text }) => reader.targetsOf(text)))) {
      if (depth < deepest && isFollowed(target)) traceChain(context, target, depth + 1);
    }
  }
  lines.push("}");
}

/** What does not depend on the destination: a rule is met by many. */
interface RuleFacts {
  readonly exact: string | undefined;
  readonly sets: readonly Elements[];
  /** The chains that it leads to; undefined for a map, where the destination's elements tell. */
  readonly targets: ReadonlySet<string> | undefined;
}

const factsKnown = new WeakMap<PacketRule, RuleFacts>();

function factsOf(rule: PacketRule, reader: RuleReader): RuleFacts {
  const known = factsKnown.get(rule);
  if (known !== undefined) return known;
  const targets = rule.action.kind === "by-element" ? undefined : new Set(reader.targetsOf(rule.text));
  const facts = { exact: exactDestination(rule), sets: elementSets(rule), targets };
  factsKnown.set(rule, facts);
  return facts;
}

function destinationIn({ address: destination, port }: Destination): {
  readonly destination: string;
  readonly port: number;
} {
  return { destination, port };
}

function canSee(rule: PacketRule, exact: string | undefined, destination: Destination): boolean {
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

import type { Action, ElementEntry, Elements, LoadedChain, PacketRule, Predicate } from "../ir/datapath.ts";
import { canonicalAddress, isAddress } from "./address-set.ts";
import { buildIndex, type ChainIndex, exactDestination, exactPort, ruleAt } from "./chain-index.ts";
import type { Flow } from "./flow.ts";

/** The sets and maps that a rule asks. */
export function elementSets(rule: Pick<PacketRule, "predicates" | "action">): readonly Elements[] {
  const { action } = rule;
  const steps = action.kind === "sequence" ? action.steps : [action];
  return [
    ...conditionsOf(rule).flatMap((predicate) => (predicate.kind === "element-of" ? [predicate.elements] : [])),
    ...steps.flatMap((step) => (step.kind === "by-element" ? [step.elements] : [])),
  ];
}

export function elementsAsked(rule: Pick<PacketRule, "predicates" | "action">): readonly ElementEntry[] {
  return elementSets(rule).flatMap(({ entries }) => entries);
}

/** The actions that an action chooses among, or carries out one after the other. */
export function partsOfAction(action: Action): readonly Action[] {
  switch (action.kind) {
    case "by-element":
      return action.elements.entries.flatMap((entry) => entry.action ?? []);
    case "share-out":
      return action.choices.map((choice) => choice.action);
    case "sequence":
      return action.steps.flatMap((step) => (step.kind === "match" ? [] : [step]));
    default:
      return [];
  }
}

/** The addresses that a line of a chain translates destinations to. */
export function translationsAt(chain: LoadedChain, at: number): readonly string[] {
  const line = chain.lines[at] ?? "";
  if (!chain.reader.mayTranslate(line)) return [];
  const named = chain.reader.peekTranslations(line) ?? translationsOf(ruleAt(chain, at).action);
  return named.filter(isAddress).map(canonicalAddress);
}

function translationsOf(action: Action): readonly string[] {
  const own = action.kind === "dnat" && action.to.kind === "address" ? [action.to.address] : [];
  return [...own, ...partsOfAction(action).flatMap(translationsOf)];
}

/** The conditions of a rule, with those within its action. */
export function conditionsOf({ predicates, action }: Pick<PacketRule, "predicates" | "action">): readonly Predicate[] {
  const steps = action.kind === "sequence" ? action.steps : [];
  return [...predicates, ...steps.flatMap((step) => (step.kind === "match" ? step.predicates : []))];
}

const indexes = new WeakMap<Elements, ChainIndex>();

/** The elements that can match a packet to this destination, and perhaps some that cannot. */
export function elementsFor(
  elements: Elements,
  { destination, port }: Pick<Flow, "destination" | "port">,
): readonly ElementEntry[] {
  const { byAddress, byPort, others } = indexOf(elements);
  const positions = [...(byAddress.get(destination) ?? []), ...(byPort.get(port) ?? []), ...others];
  return positions.map((at) => elements.entries[at] as ElementEntry);
}

function indexOf(elements: Elements): ChainIndex {
  const known = indexes.get(elements);
  if (known !== undefined) return known;
  const entryAt = (at: number) => elements.entries[at] as ElementEntry;
  const index = buildIndex(elements.entries.length, {
    addressAt: (at) => exactDestination(entryAt(at)),
    portAt: (at) => exactPort(entryAt(at)),
  });
  indexes.set(elements, index);
  return index;
}

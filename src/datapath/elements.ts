import type { Action, ElementEntry, Elements, PacketRule, Predicate } from "../ir/datapath.ts";
import { exactDestination, exactPort } from "./chain-index.ts";
import type { Flow } from "./flow.ts";

interface ElementIndex {
  readonly byAddress: ReadonlyMap<string, readonly ElementEntry[]>;
  readonly byPort: ReadonlyMap<number, readonly ElementEntry[]>;
  readonly others: readonly ElementEntry[];
}

const indexes = new WeakMap<Elements, ElementIndex>();

/** The sets and maps that a rule asks. */
export function elementSets({ predicates, action }: Pick<PacketRule, "predicates" | "action">): readonly Elements[] {
  const ofAction = action.kind === "by-element" ? [action.elements] : [];
  const steps = action.kind === "sequence" ? action.steps : [];
  return [
    ...predicates.flatMap((predicate) => (predicate.kind === "element-of" ? [predicate.elements] : [])),
    ...ofAction,
    ...steps.flatMap((step) =>
      step.kind === "match"
        ? elementSets({ ...step, action: { kind: "continue" } })
        : elementSets({ predicates: [], action: step }),
    ),
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

/** The conditions of a rule, with those within its action. */
export function conditionsOf({ predicates, action }: Pick<PacketRule, "predicates" | "action">): readonly Predicate[] {
  const steps = action.kind === "sequence" ? action.steps : [];
  return [...predicates, ...steps.flatMap((step) => (step.kind === "match" ? step.predicates : []))];
}

/** The elements that can match a packet to this destination, and perhaps some that cannot. */
export function elementsFor(
  elements: Elements,
  { destination, port }: Pick<Flow, "destination" | "port">,
): readonly ElementEntry[] {
  const { byAddress, byPort, others } = indexOf(elements);
  return [...(byAddress.get(destination) ?? []), ...(byPort.get(port) ?? []), ...others];
}

function indexOf(elements: Elements): ElementIndex {
  const known = indexes.get(elements);
  if (known !== undefined) return known;
  const byAddress = new Map<string, ElementEntry[]>();
  const byPort = new Map<number, ElementEntry[]>();
  const others: ElementEntry[] = [];
  for (const entry of elements.entries) {
    const address = exactDestination(entry);
    const port = address === undefined ? exactPort(entry) : undefined;
    if (address !== undefined) enter(byAddress, address, entry);
    else if (port !== undefined) enter(byPort, port, entry);
    else others.push(entry);
  }
  const index = { byAddress, byPort, others };
  indexes.set(elements, index);
  return index;
}

function enter<Key>(map: Map<Key, ElementEntry[]>, key: Key, entry: ElementEntry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}

import { countHidden, type Narrowing, narrowItems } from "../filter/narrowing.ts";
import { changedFields } from "./changed-fields.ts";
import { diffNode, type NodeDiff } from "./diff-node.ts";
import type { Side, SideNode } from "./side.ts";
import {
  type NodeRules,
  type ServiceFields,
  serviceOf,
  severities,
  type TrafficChange,
  type TrafficDiff,
} from "./traffic-diff.ts";

/**
 * Compares the traffic of hosts programmed with `base` and with `head`, from the text of tools only. Nodes are paired
 * by name; a node on one side only is named in the assumptions and not compared. Filters apply to the result, not to
 * the comparison.
 */
export function diffSides(base: Side, head: Side, narrowing?: Narrowing): TrafficDiff {
  const { pairs, assumptions } = pairNodes(base, head);
  const diffs = pairs.map((pair) => diffNode(pair, narrowing));
  const names = pairs.map((pair) => pair.head.name);
  const { shown, hidden } = narrowItems(foldChanges(diffs, names), servicesOf, narrowing);
  const changes = sortChanges(shown);
  const fields = fieldsOf(changes, pairs[0]);
  const rules = diffs.reduce((sum, { hiddenRules }) => sum + hiddenRules, 0);
  return {
    base: base.label,
    head: head.label,
    nodes: names,
    changes: atChangedFields(changes, fields),
    changedFields: fields,
    rules: foldRules(diffs),
    assumptions: [...new Set([...base.assumptions, ...head.assumptions, ...assumptions, ...alwaysAssumed])],
    ...(narrowing === undefined ? {} : { notShown: { ...countHidden(hidden, servicesOf, narrowing), rules } }),
  };
}

/** The changed fields of each Service that changes. The input is the same for every node. */
function fieldsOf(changes: readonly TrafficChange[], pair: Pair | undefined): readonly ServiceFields[] {
  const visible = changes.filter(({ severity }) => severity !== "cosmetic");
  const services = new Set(visible.flatMap(({ service }) => (service === undefined ? [] : [serviceOf(service)])));
  if (pair === undefined) return [];
  return [...services].flatMap((service) => {
    const fields = changedFields(pair.base.objectsOf(service), pair.head.objectsOf(service));
    return fields.length === 0 ? [] : [{ service, fields }];
  });
}

/** A change is shown at the field that changed: its own, or the first of its Service. */
function atChangedFields(changes: readonly TrafficChange[], found: readonly ServiceFields[]): readonly TrafficChange[] {
  const placesOf = new Map(found.map(({ service, fields }) => [service, fields.flatMap(({ source }) => source ?? [])]));
  return changes.map((change) => {
    const { service, source } = change;
    const places = service === undefined ? [] : (placesOf.get(serviceOf(service)) ?? []);
    const isAtField = places.some(({ file, line }) => file === source?.file && line === source.line);
    return isAtField || places[0] === undefined ? change : { ...change, source: places[0] };
  });
}

/** A change of an address that moves from one Service to another belongs to both. */
function servicesOf({ service, formerService }: TrafficChange): readonly (string | undefined)[] {
  return [service, formerService];
}

const alwaysAssumed = [
  "packets are the first of a connection, from clients without session affinity entries, unless stated otherwise",
  "routing, NetworkPolicy and rules of other nodes are not evaluated",
];

interface Pair {
  readonly base: SideNode;
  readonly head: SideNode;
}

function pairNodes(
  base: Side,
  head: Side,
): { readonly pairs: readonly Pair[]; readonly assumptions: readonly string[] } {
  const [one, ...others] = base.nodes;
  const [other, ...more] = head.nodes;
  const isLone = one !== undefined && other !== undefined && others.length === 0 && more.length === 0;
  if (isLone && one.name !== other.name) {
    return {
      pairs: [{ base: one, head: other }],
      assumptions: [`${one.name} is compared with ${other.name}`, ...unknownAddresses([one, other])],
    };
  }
  const byName = new Map(head.nodes.toReversed().map((node) => [node.name, node]));
  const pairs = base.nodes.flatMap((node): readonly Pair[] => {
    const beside = byName.get(node.name);
    return beside === undefined ? [] : [{ base: node, head: beside }];
  });
  const paired = new Set(pairs.map((pair) => pair.head.name));
  const lonely = (side: Side) =>
    side.nodes
      .filter(({ name }) => !paired.has(name))
      .map(({ name }) => `${name} exists only in ${side.label.name}: it is not compared`);
  return {
    pairs,
    assumptions: [
      ...lonely(base),
      ...lonely(head),
      ...unknownAddresses(pairs.flatMap((pair) => [pair.base, pair.head])),
    ],
  };
}

function unknownAddresses(nodes: readonly SideNode[]): readonly string[] {
  const without = nodes.filter(({ world }) => world.nodeAddresses.length === 0).map(({ name }) => name);
  if (without.length === 0) return [];
  return [
    `addresses of ${[...new Set(without)].join(", ")} are unknown: node ports are evaluated at an example address`,
  ];
}

/** One entry for nodes with the same change. */
function foldChanges(diffs: readonly NodeDiff[], names: readonly string[]): TrafficChange[] {
  const folded = new Map<string, { change: TrafficChange; readonly nodes: string[] }>();
  for (const [at, { changes }] of diffs.entries()) {
    for (const change of changes) {
      const { kind, severity, service, vip, headline, details, before, after } = change;
      const id = JSON.stringify([kind, severity, service, vip, headline, details, before, after]);
      const known = folded.get(id);
      const isAlike = known?.change.localEndpoints === change.localEndpoints;
      if (known === undefined) folded.set(id, { change, nodes: [names[at] ?? ""] });
      else known.nodes.push(names[at] ?? "");
      if (known !== undefined && !isAlike) known.change = { ...known.change, localEndpoints: undefined };
    }
  }
  return [...folded.values()].map(({ change, nodes }) => {
    const isOpening = change.kind === "added" && change.headline.startsWith("opens");
    const isEverywhere = isOpening && change.vip.startsWith("nodePort") && names.length > 1;
    const headline = isEverywhere && nodes.length === names.length ? "opens on every node" : change.headline;
    return { ...change, nodes: nodes.sort(), headline };
  });
}

function sortChanges(changes: readonly TrafficChange[]): readonly TrafficChange[] {
  const keyed = changes.map((change) => {
    const { severity, service = "~", vip, nodes } = change;
    return { change, rank: severities.indexOf(severity), text: `${service}\n${vip}\n${nodes.join()}` };
  });
  return keyed.sort((a, b) => a.rank - b.rank || (a.text < b.text ? -1 : 1)).map(({ change }) => change);
}

function foldRules(diffs: readonly NodeDiff[]): readonly NodeRules[] {
  const folded = new Map<string, { readonly rules: NodeRules; readonly nodes: string[] }>();
  for (const { rules } of diffs) {
    const id = JSON.stringify({ ...rules, nodes: [] });
    const known = folded.get(id);
    if (known === undefined) folded.set(id, { rules, nodes: [...rules.nodes] });
    else known.nodes.push(...rules.nodes);
  }
  return [...folded.values()].map(({ rules, nodes }) => ({ ...rules, nodes }));
}

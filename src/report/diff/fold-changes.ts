import type { ClassOutcome, EndpointLabel, FieldChange, TrafficChange } from "../../diff/traffic-diff.ts";
import { groupBy } from "../../model/group-by.ts";
import { namesText, nodesText, rangeText } from "../words.ts";

/** Changes of one Service that are the same on several addresses, ports or nodes. */
export interface AlikeChanges {
  /** The first of them, with the nodes of all. */
  readonly change: TrafficChange;
  /** The others: `203.0.113.5:80/TCP`, or with the service port where that is another. */
  readonly also: readonly string[];
  /** `on 2 of 3 nodes: n1 and n3`; undefined if it is on every compared node. */
  readonly where: string | undefined;
}

/** The changes of one Service: nodes that differ only in which endpoints are local are one, then alike addresses. */
export function foldAlike(changes: readonly TrafficChange[], compared: readonly string[]): readonly AlikeChanges[] {
  const byText = new Map<
    string,
    { readonly change: TrafficChange; readonly also: string[]; where: string | undefined }
  >();
  for (const { change, where } of foldNodes(changes, compared)) {
    const { kind, severity, headline, details, endpoints, nodes } = change;
    const places = [endpoints.removed, endpoints.added].map((labels) => labels.map(endpointName));
    const key = JSON.stringify([kind, severity, headline, details, places, nodes]);
    const alike = byText.get(key);
    if (alike === undefined) byText.set(key, { change, also: [], where });
    else alike.also.push(nameBeside(change, alike.change));
  }
  return [...byText.values()];
}

function nameBeside({ service, vip }: TrafficChange, first: TrafficChange): string {
  return service === first.service || service === undefined ? vip : `${service} ${vip}`;
}

/** Of an endpoint on several ports: its address without the port, and its pod. */
function endpointName({ target, pod, node }: EndpointLabel): string {
  return JSON.stringify([target.slice(0, target.lastIndexOf(":")), pod, node]);
}

interface OnNodes {
  readonly change: TrafficChange;
  readonly where: string | undefined;
}

/** The changes of one Service: nodes that differ only in which endpoints are local are one. */
export function foldNodes(changes: readonly TrafficChange[], compared: readonly string[]): readonly OnNodes[] {
  const byAddress = groupBy(changes, ({ service, vip }) => `${service} ${vip}`);
  return [...byAddress.values()].flatMap((group) => {
    const byRole = [...groupBy(group, roleKey).values()].map(mergeNodes);
    const covered = byRole.reduce((count, { nodes }) => count + nodes.length, 0);
    // Nodes without a change have a role, too: it is said only where every node changes.
    const isByRole = covered === compared.length && new Set(byRole.map(isLocal)).size === byRole.length;
    if (!isByRole || byRole.length < 2)
      return byRole.map((change) => ({ change, where: nodesText(change.nodes, compared) }));
    return byRole
      .toSorted((a, b) => Number(isLocal(b)) - Number(isLocal(a)))
      .map((change) => ({ change, where: roleText(change) }));
  });
}

function isLocal({ localEndpoints }: TrafficChange): boolean {
  return localEndpoints === "only" || localEndpoints === "some";
}

function roleText(change: TrafficChange): string {
  const { nodes } = change;
  const role = isLocal(change) ? "on each node with a local endpoint" : "on every other node";
  return `${role} (${nodes.length}): ${namesText(nodes)}`;
}

/** What a change is, whichever endpoints are local: nodes with the same key behave alike. */
function roleKey(change: TrafficChange): string {
  const { kind, severity, headline, localEndpoints, before, after, nodes } = change;
  if (localEndpoints === undefined) return JSON.stringify(nodes);
  return JSON.stringify([kind, severity, headline, localEndpoints, before.map(shapeOf), after.map(shapeOf)]);
}

function shapeOf({ from, outcomes }: ClassOutcome): unknown {
  const ends = outcomes.map(({ verdict, masquerade, affinity, assuming }) =>
    JSON.stringify([verdict, masquerade, affinity, assuming]),
  );
  return [from, [...new Set(ends)]];
}

function mergeNodes(changes: readonly TrafficChange[]): TrafficChange {
  const [first, ...others] = changes;
  if (first === undefined) throw new Error("a group without changes");
  if (others.length === 0) return first;
  const counts = changes.map(({ after }) => after[0]?.outcomes.length ?? 0);
  const local = `traffic goes to endpoints of the same node only: ${rangeText(counts)} per node`;
  return {
    ...first,
    nodes: changes.flatMap(({ nodes }) => nodes).toSorted(),
    details: [...(first.localEndpoints === "only" ? [local] : []), ...mergeDetails(changes)],
    endpoints: { added: [], removed: [] },
  };
}

/** Details that differ by node end in their alternatives: `traffic per endpoint 3.3% -> 33.3% or 50%`. */
function mergeDetails(changes: readonly TrafficChange[]): readonly string[] {
  const ends = new Map<string, Set<string>>();
  for (const detail of changes.flatMap(({ details }) => details)) {
    const at = detail.lastIndexOf(" -> ");
    const start = at === -1 ? detail : detail.slice(0, at + 4);
    const known = ends.get(start) ?? new Set<string>();
    ends.set(start, known.add(at === -1 ? "" : detail.slice(at + 4)));
  }
  return [...ends].map(([start, found]) => `${start}${alternatives([...found])}`);
}

function alternatives(texts: readonly string[]): string {
  const sorted = texts.toSorted((a, b) => Number.parseFloat(a) - Number.parseFloat(b) || (a < b ? -1 : 1));
  if (sorted.length <= 2) return sorted.join(" or ");
  return `${sorted[0]} to ${sorted.at(-1)}`;
}

/** The address of a change, with the name of its port where several ports of the Service change. */
export function addressText({ service, vip }: TrafficChange, group: string): string {
  const port = service?.startsWith(`${group}:`) === true ? `${service.slice(group.length + 1)} ` : "";
  return `${port}${vip}`;
}

/** The fields that changed, as one phrase: `spec.externalTrafficPolicy: Cluster -> Local`. */
export function fieldText({ object, field, was, now }: FieldChange): string {
  // The namespace is that of the Service.
  const path = object.startsWith("Service ") ? field : `${object.replace(/ .*\//, " ")} ${field}`;
  if (was === undefined) return `${path}: ${now} added`;
  return now === undefined ? `${path}: ${was} removed` : `${path}: ${was} -> ${now}`;
}

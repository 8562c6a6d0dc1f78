import { type ReadState, readStateOfObjects, type StateOptions } from "../compile/compile.ts";
import { type Diagnostic, hasErrors } from "../diagnostics/diagnostic.ts";
import type { HostDocument } from "../ir/artifact.ts";
import { compileSide } from "./compile-side.ts";
import { diffSides } from "./diff-sides.ts";
import { type HostSide, hostSideOf } from "./host-side.ts";
import type { Side, SideNode } from "./side.ts";
import { familiesOf, hostNode, type NodePair, withWorldOf } from "./side-nodes.ts";
import type { TrafficDiff } from "./traffic-diff.ts";

/** A side of a diff: cluster state, or the texts of one host. */
export type DiffInput = StateInput | HostInput;

interface StateInput extends Omit<StateOptions, "node"> {
  /** The name of this side in the result; default: `base` or `head`. */
  readonly name?: string | undefined;
  readonly objects: readonly unknown[];
}

interface HostInput {
  readonly name?: string | undefined;
  /** As returned by `parseDump`. */
  readonly host: HostDocument;
}

export interface DiffOptions {
  /** The node to compare; default: all nodes on both sides, or the node of the host. */
  readonly node?: string | undefined;
}

export interface DiffResult {
  /** Undefined where a side has errors. */
  readonly diff: TrafficDiff | undefined;
  readonly diagnostics: { readonly base: readonly Diagnostic[]; readonly head: readonly Diagnostic[] };
  /**
   * Why a side or the pair cannot be compared, where no diagnostic explains it; undefined: the comparison succeeded.
   */
  readonly problem: string | undefined;
}

/**
 * Says what changes for traffic from one state, or one host, to another: which packets are treated differently, by
 * service port, with exact shares; then how many rules. Both sides are compiled, and their rules are followed.
 *
 * @example
 * ```ts
 * import { diff } from "portolan";
 *
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } };
 * const web = (port) => ({
 *   apiVersion: "v1",
 *   kind: "Service",
 *   metadata: { name: "web" },
 *   spec: { clusterIP: "10.96.0.10", ports: [{ port }] },
 * });
 * const result = diff({ objects: [node, web(80)] }, { objects: [node, web(81)] });
 * console.log(result.diff.changes.map(({ kind, vip }) => `${kind} ${vip}`)); // ["removed 10.96.0.10:80/TCP","added 10.96.0.10:81/TCP"]
 * ```
 */
export function diff(base: DiffInput, head: DiffInput, options: DiffOptions = {}): DiffResult {
  const [before, after] = [readInput(base), readInput(head)];
  const diagnostics = { base: diagnosticsOf(before), head: diagnosticsOf(after) };
  const refused = (problem: string | undefined): DiffResult => ({ diff: undefined, diagnostics, problem });
  if (before.kind === "broken" || after.kind === "broken")
    return refused(before.kind === "broken" ? before.message : after.kind === "broken" ? after.message : undefined);
  const pairs = pairsOf(before, after, options.node);
  if (pairs.length === 0) return refused("the sides have no node in common");
  const clusters = [before, after].flatMap((side) => (side.kind === "state" ? [side.state.cluster] : []));
  const texts = new Map<string, string>();
  const nodesOf = (side: ReadSide, end: "base" | "head"): readonly SideNode[] => {
    if (side.kind === "host") return pairs.map((pair) => hostNode(pair, pair[end]));
    const requests = pairs.map((pair) => ({
      name: pair.name,
      families: side.state.options.families ?? familiesOf(clusters, pair),
      hostAddresses: (pair.base ?? pair.head)?.addresses ?? side.state.options.hostAddresses,
    }));
    return hasErrors(side.state.sink.diagnostics) ? [] : compileSide(side.state, requests, texts);
  };
  const [old, young] = [nodesOf(before, "base"), nodesOf(after, "head")];
  if (hasErrors(diagnostics.base) || hasErrors(diagnostics.head)) return refused(undefined);
  const sides = [
    sideOf(base.name ?? "base", withWorldOf(old, young, pairs)),
    sideOf(head.name ?? "head", withWorldOf(young, old, pairs)),
  ] as const;
  return { diff: diffSides(...sides), diagnostics, problem: undefined };
}

type ReadSide =
  | { readonly kind: "state"; readonly state: ReadState }
  | { readonly kind: "host"; readonly host: HostSide };

function readInput(input: DiffInput): ReadSide | { readonly kind: "broken"; readonly message: string } {
  if ("objects" in input) {
    const { objects, name: _, ...options } = input;
    return { kind: "state", state: readStateOfObjects(objects, options) };
  }
  const host = hostSideOf(input.host, input.name ?? "the host");
  return typeof host === "string" ? { kind: "broken", message: host } : { kind: "host", host };
}

function diagnosticsOf(side: ReturnType<typeof readInput>): readonly Diagnostic[] {
  return side.kind === "state" ? side.state.sink.diagnostics : [];
}

/** The nodes on both sides. A host is compared with the node of its name, or with the only node. */
function pairsOf(base: ReadSide, head: ReadSide, chosen: string | undefined): readonly NodePair[] {
  const hostOf = (side: ReadSide): HostSide | undefined => (side.kind === "host" ? side.host : undefined);
  const hosts = { base: hostOf(base), head: hostOf(head) };
  const [before, after] = [base, head].map((side) =>
    side.kind === "state" ? side.state.cluster.nodes.map(({ name }) => name) : undefined,
  );
  if (before !== undefined && after !== undefined) {
    const shared = chosen === undefined ? before.filter((name) => after.includes(name)) : [chosen];
    return shared.toSorted().map((name) => ({ name, ...hosts }));
  }
  const known = before ?? after ?? [];
  const named = hosts.base?.name ?? hosts.head?.name;
  const only = known.length === 1 ? known[0] : undefined;
  const name = chosen ?? known.find((one) => one === named) ?? only ?? (known.length === 0 ? named : undefined);
  return name === undefined && known.length > 0 ? [] : [{ name, ...hosts }];
}

function sideOf(name: string, nodes: readonly SideNode[]): Side {
  const modes = new Set(nodes.map(({ mode }) => mode));
  const [mode] = modes.size === 1 ? modes : [];
  return { label: { name, mode }, nodes, assumptions: [] };
}

import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { wantedFamilies } from "../../cli/program/state-flags.ts";
import type { NodeEnvironment } from "../../datapath/host-texts.ts";
import { createSink, hasErrors } from "../../diagnostics/diagnostic.ts";
import type { Side, SideNode } from "../../diff/side.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { State } from "../read-state.ts";
import { assumedBetween, assumedOf } from "./assumptions.ts";
import { compileSide, type NodeRequest } from "./compile-side.ts";
import type { HostSide } from "./host-side.ts";
import { familiesOf, type NodePair, pairNodes } from "./pair-nodes.ts";
import { readSideSources } from "./read-side-sources.ts";
import { tellDiagnostics, tellNote } from "./report-diagnostics.ts";
import type { SideRequest, SideSource, SideSources } from "./side-request.ts";

export interface Sides {
  readonly base: Side;
  readonly head: Side;
  /** Of the sides that are states. */
  readonly clusters: readonly Cluster[];
}

/**
 * Reads what `diff` compares: both sides with the same nodes, in the same order. Diagnostics go to stderr; errors end the
 * command.
 */
export async function readSides(request: SideRequest, tell: (what: string) => void): Promise<Sides> {
  tell("reading both sides");
  const sources = withoutEmpty(await readSideSources(request, tell));
  refuseErrors(sources, request);
  const { pairs, notes } = pairNodes(sources, request.node);
  for (const note of notes) tellNote(note);
  const states = [sources.base, sources.head].flatMap((source) => (source.kind === "state" ? [source.state] : []));
  const families = wantedFamilies(request.family);
  const clusters = states.map(({ cluster }) => cluster);
  const known = new Map<string, string>();
  const read = (source: SideSource, end: "base" | "head"): readonly SideNode[] => {
    tell(`compiling ${source.name}`);
    if (source.kind === "hosts") return pairs.map((pair) => hostNode(pair, pair[end]));
    const requests = pairs.map((pair) => ({
      name: pair.name,
      families: families ?? familiesOf(clusters, pair),
      hostAddresses: (pair.base ?? pair.head)?.addresses,
    }));
    return source.kind === "empty" ? [] : compileSide(source.state, requests satisfies NodeRequest[], known);
  };
  const [base, head] = [read(sources.base, "base"), read(sources.head, "head")];
  refuseErrors(sources, request);
  const summary = tellDiagnostics(sources, request.color);
  if (summary !== "") process.stderr.write(`${summary}\n`);
  const between = [...notes, ...assumedBetween(sources)];
  return {
    base: sideOf(sources.base, withWorldOf(base, head, pairs), between),
    head: sideOf(sources.head, withWorldOf(head, base, pairs), between),
    clusters,
  };
}

/** Where nothing is, there are the nodes and the configuration of the other side, and no Service. */
function withoutEmpty({ base, head }: SideSources): SideSources {
  const filled = (source: SideSource, other: SideSource): SideSource => {
    if (source.kind !== "empty") return source;
    if (other.kind !== "state") {
      const message = other.kind === "empty" ? `${source.reason}; ${other.reason}` : source.reason;
      throw new CommandFailure(`${message}: there is nothing to compare`, exitCodes.invalidInput);
    }
    tellNote(`${source.reason}: taken for ${other.name} without its Services`);
    return { kind: "state", name: source.name, state: withoutServices(other.state) };
  };
  return { base: filled(base, head), head: filled(head, base) };
}

function withoutServices({ inputs, cluster, options }: State): State {
  return { inputs, cluster: { ...cluster, services: [], slices: [] }, options, sink: createSink() };
}

function refuseErrors(sources: SideSources, { color }: SideRequest): void {
  const { base, head } = sources;
  const failed = [base, head].filter((source) => source.kind === "state" && hasErrors(source.state.sink.diagnostics));
  if (failed.length === 0) return;
  const summary = tellDiagnostics(sources, color);
  throw new CommandFailure(`${summary}; nothing was compared`, exitCodes.invalidInput);
}

const noNames = new Map<string, never>();

function hostNode({ name }: NodePair, host: HostSide | undefined): SideNode {
  if (host === undefined) throw new Error(`no host ${name}`);
  const world = { nodeAddresses: host.addresses ?? [], podRanges: [] };
  const { mode, texts } = host;
  return {
    name: name ?? host.name ?? "this node",
    mode,
    texts,
    world,
    services: noNames,
    endpoints: noNames,
    podRangesOf: noNames,
  };
}

/** What a side does not know of a node's addresses and pods, the other may. */
function withWorldOf(
  nodes: readonly SideNode[],
  others: readonly SideNode[],
  pairs: readonly NodePair[],
): readonly SideNode[] {
  const better = (own: readonly string[], other: readonly string[] = []): readonly string[] =>
    own.length > 0 ? own : other;
  return nodes.map((node, index) => {
    const other = others[index];
    const { base, head } = pairs[index] ?? {};
    const shown = [...new Set([base, head].flatMap((host) => host?.shownAddresses ?? []))];
    const world: NodeEnvironment = {
      nodeAddresses: better(better(node.world.nodeAddresses, other?.world.nodeAddresses), shown),
      podRanges: better(node.world.podRanges, other?.world.podRanges),
      routeLocalnet: node.world.routeLocalnet ?? other?.world.routeLocalnet,
    };
    // Not spread: the names are made when somebody asks for them.
    return {
      name: node.name,
      mode: node.mode,
      texts: node.texts,
      world,
      get services() {
        return node.services;
      },
      get endpoints() {
        return node.endpoints;
      },
      get podRangesOf() {
        return node.podRangesOf.size > 0 ? node.podRangesOf : (other?.podRangesOf ?? node.podRangesOf);
      },
    };
  });
}

function sideOf(source: SideSource, nodes: readonly SideNode[], notes: readonly string[]): Side {
  const modes = new Set(nodes.map(({ mode }) => mode));
  const [mode] = modes.size === 1 ? modes : [];
  return {
    label: { name: source.name, mode },
    nodes,
    assumptions: [...notes, ...assumedOf(source, nodes)],
  };
}

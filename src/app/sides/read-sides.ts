import { createSink, type Diagnostic, hasErrors } from "../../diagnostics/diagnostic.ts";
import { compileSide, type NodeRequest } from "../../diff/compile-side.ts";
import type { Side, SideNode } from "../../diff/side.ts";
import { familiesOf, hostNode, withWorldOf } from "../../diff/side-nodes.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { ProxyConfiguration } from "../../model/proxy-configuration/proxy-configuration.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import { type DiagnosticGroup, type Effects, Failure } from "../effects.ts";
import type { State } from "../read-state.ts";
import { requestedFamilies } from "../requests.ts";
import { assumedBetween, assumedOf } from "./assumptions.ts";
import { pairNodes } from "./pair-nodes.ts";
import { readSideSources, type SideRequest, type SideSource, type SideSources } from "./read-side-sources.ts";

export interface Sides {
  readonly base: Side;
  readonly head: Side;
  /** For sides that are states. */
  readonly clusters: readonly Cluster[];
  readonly states: readonly State[];
  /** HEAD with other settings of kube-proxy; undefined where it is not a state. */
  readonly headWith: (settings: Partial<ProxyConfiguration>) => Side | undefined;
}

/**
 * Reads both sides of a `diff`, with the same nodes in the same order. Diagnostics are notices; errors end the command.
 */
export async function readSides(request: SideRequest, effects: Effects): Promise<Sides> {
  const { onProgress, onNotice } = effects;
  onProgress("reading both sides");
  const sources = withoutEmpty(await readSideSources(request, effects), effects);
  refuseErrors(sources, effects);
  const { pairs, notes } = pairNodes(sources, request.node);
  for (const text of notes) onNotice({ kind: "note", text });
  const states = [sources.base, sources.head].flatMap((source) => (source.kind === "state" ? [source.state] : []));
  const families = requestedFamilies(request.family);
  const clusters = states.map(({ cluster }) => cluster);
  const known = new Map<string, string>();
  const read = (source: SideSource, end: "base" | "head"): readonly SideNode[] => {
    onProgress(`compiling ${source.name}`);
    if (source.kind === "hosts") return pairs.map((pair) => hostNode(pair, pair[end]));
    const requests = pairs.map((pair) => ({
      name: pair.name,
      families: families ?? familiesOf(clusters, pair),
      hostAddresses: (pair.base ?? pair.head)?.addresses,
    }));
    return source.kind === "empty" ? [] : compileSide(source.state, requests satisfies NodeRequest[], known);
  };
  const [base, head] = [read(sources.base, "base"), read(sources.head, "head")];
  refuseErrors(sources, effects);
  const found = groupDiagnostics(sources);
  onNotice({ kind: "diagnostics", groups: found, summary: summaryOf(found) });
  const between = [...notes, ...assumedBetween(sources)];
  return {
    base: sideOf(sources.base, withWorldOf(base, head, pairs), between),
    head: sideOf(sources.head, withWorldOf(head, base, pairs), between),
    clusters,
    states,
    headWith: (settings) => {
      const source = withSettings(sources.head, settings);
      return source && sideOf(source, withWorldOf(read(source, "head"), base, pairs), between);
    },
  };
}

function withSettings(source: SideSource, settings: Partial<ProxyConfiguration>): SideSource | undefined {
  if (source.kind !== "state") return undefined;
  const { cluster } = source.state;
  const proxyConfiguration = { ...cluster.proxyConfiguration, ...settings };
  return { ...source, state: { ...source.state, cluster: { ...cluster, proxyConfiguration }, sink: createSink() } };
}

/** An empty side gets the nodes and the configuration of the other side, and no Services. */
function withoutEmpty({ base, head }: SideSources, { onNotice }: Effects): SideSources {
  const filled = (source: SideSource, other: SideSource): SideSource => {
    if (source.kind !== "empty") return source;
    if (other.kind !== "state") {
      const message = other.kind === "empty" ? `${source.reason}; ${other.reason}` : source.reason;
      throw new Failure(`${message}: there is nothing to compare`, "invalid-input");
    }
    onNotice({ kind: "note", text: `${source.reason}: compared as ${other.name} without its Services` });
    return { kind: "state", name: source.name, state: withoutServices(other.state) };
  };
  return { base: filled(base, head), head: filled(head, base) };
}

function withoutServices({ inputs, cluster, options }: State): State {
  return { inputs, cluster: { ...cluster, services: [], slices: [] }, options, sink: createSink() };
}

function refuseErrors(sources: SideSources, { onNotice }: Effects): void {
  const { base, head } = sources;
  const failed = [base, head].filter((source) => source.kind === "state" && hasErrors(source.state.sink.diagnostics));
  if (failed.length === 0) return;
  const groups = groupDiagnostics(sources);
  onNotice({ kind: "diagnostics", groups });
  throw new Failure(`${summaryOf(groups)}; nothing was compared`, "invalid-input");
}

/** The diagnostics of both sides, each once, under the side it concerns. */
function groupDiagnostics({ base, head }: SideSources): readonly DiagnosticGroup[] {
  const [before, after] = [diagnosticsOf(base), diagnosticsOf(head)];
  const [known, given] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  const documentsOf = (source: SideSource) => (source.kind === "state" ? source.state.inputs.documents : []);
  return [
    {
      heading: `diagnostics for ${nameOf(base, head)}`,
      diagnostics: before.filter((one) => !given.has(keyOf(one))),
      documents: documentsOf(base),
    },
    {
      heading: `diagnostics for ${nameOf(head, base)}`,
      diagnostics: after.filter((one) => !known.has(keyOf(one))),
      documents: documentsOf(head),
    },
    {
      heading: "diagnostics for both sides",
      diagnostics: after.filter((one) => known.has(keyOf(one))),
      documents: documentsOf(head),
    },
  ].filter(({ diagnostics }) => diagnostics.length > 0);
}

function summaryOf(groups: readonly DiagnosticGroup[]): string {
  return summarizeDiagnostics(groups.flatMap(({ diagnostics }) => diagnostics));
}

/** If both sides have the same name, the mode is added to distinguish them, and the version where it differs. */
function nameOf(source: SideSource, other: SideSource): string {
  const [own, others] = [configurationOf(source), configurationOf(other)];
  if (source.name !== other.name || own === undefined) return source.name;
  const isOtherVersion = others !== undefined && others.version !== own.version;
  return `${source.name} in ${own.mode} mode${isOtherVersion ? ` of ${own.version}` : ""}`;
}

function configurationOf(source: SideSource): ProxyConfiguration | undefined {
  return source.kind === "state" ? source.state.cluster.proxyConfiguration : undefined;
}

function diagnosticsOf(source: SideSource): readonly Diagnostic[] {
  return source.kind === "state" ? source.state.sink.diagnostics : [];
}

/** File names and lines differ between the sides; code, message, object and field do not. */
function keyOf({ code, message, object, field }: Diagnostic): string {
  return [code, message, object, field].join("\n");
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

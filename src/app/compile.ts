import { type CompileOptions, compileNode } from "../compile/compile.ts";
import { hasErrors } from "../diagnostics/diagnostic.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { CompiledNode } from "../report/script.ts";
import { type DiagnosticGroup, type Effects, Failure } from "./effects.ts";
import { readState, type State } from "./read-state.ts";
import { requestedFamilies, type StateRequest } from "./requests.ts";

export interface CompileRequest extends StateRequest {
  readonly allNodes?: boolean;
  /** Leave out objects with errors and compile the rest. */
  readonly keepGoing?: boolean;
  /** Keep, for every rule, the object and field it comes from. */
  readonly origins: boolean;
}

export interface CompileResult extends DiagnosticGroup {
  /** Empty where there are errors, unless they could be left out. */
  readonly nodes: readonly CompiledNode[];
  readonly mode: ProxyMode;
}

/** Compiles cluster state for one node, or for all. */
export async function compileState(request: CompileRequest, effects: Effects): Promise<CompileResult> {
  const { family, keepGoing, origins } = request;
  const more: CompileOptions = { families: requestedFamilies(family), keepGoing, origins };
  const state = await readState(request, more, effects);
  const nodes = compileNodes(state, request, effects);
  const { inputs, sink, cluster } = state;
  const { mode } = cluster.proxyConfiguration;
  return { nodes, mode, diagnostics: sink.diagnostics, documents: inputs.documents };
}

function compileNodes(
  { cluster, options, sink }: State,
  { node: chosen, allNodes = false, keepGoing = false }: CompileRequest,
  { onProgress }: Effects,
): readonly CompiledNode[] {
  if (hasErrors(sink.diagnostics) && !keepGoing) return [];
  const names = allNodes ? cluster.nodes.map(({ name }) => name).sort() : [chosen];
  if (names.length === 0) throw new Failure("--all-nodes needs at least one Node in the input", "usage");
  const compiled: CompiledNode[] = [];
  for (const name of names) {
    onProgress(`compiling ${name ?? "the node"}`);
    const { script, node } = compileNode(cluster, name, options, sink);
    if (script !== undefined) compiled.push({ node: allNodes ? (name as string) : (node as string), script });
  }
  return compiled.length > 0 && hasErrors(sink.diagnostics) && !keepGoing ? [] : compiled;
}

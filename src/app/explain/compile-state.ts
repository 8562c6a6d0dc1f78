import { type CompileOptions, compileNode, readCluster } from "../../compile/compile.ts";
import { createSink, type Diagnostic, describeObject, hasErrors } from "../../diagnostics/diagnostic.ts";
import type { Explanation, SourceOf } from "../../explain/explanation.ts";
import { type NodeFacts, nodeFacts } from "../../explain/not-programmed/not-programmed.ts";
import { readTexts, type Texts, textsOfScript } from "../../explain/texts.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import type { OnlyOf } from "../../programs/origins.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import { type DiagnosticGroup, type Effects, Failure } from "../effects.ts";
import { completeInputs, readRequestedInputs, valuesOf } from "../read-state.ts";
import { hasState, readingOptions, requestedFamilies, type StateRequest } from "../requests.ts";

/** The input of the explanation. */
export interface ExplainRequest extends StateRequest {
  readonly allNodes?: boolean;
  /** A dump of a host; state passed with it adds names and causes. */
  readonly actual?: readonly string[];
  /** Whether graphs are drawn too: for many nodes they are expensive. */
  readonly draws?: boolean;
}

export interface Explained {
  readonly answer: Explanation;
  readonly sourceOf: SourceOf;
}

/** Cluster state that was read for an explanation; each node is compiled on first use. */
export interface State {
  readonly cluster: Cluster;
  readonly documents: readonly SourceDocument[];
  /** The selected nodes; undefined: the only one. */
  readonly nodes: readonly (string | undefined)[];
  /** With the lines of all objects, or of those whose names are given and those that always exist. */
  readonly compile: (node: string | undefined, objects?: ReadonlySet<string>) => CompiledState;
  /** Reports the diagnostics of these objects. */
  readonly reportAbout: (isConcerned: (object: string) => boolean) => void;
}

/** The forwarding plan of a node, and the decisions behind it. */
export interface CompiledState {
  readonly facts: NodeFacts;
  readonly texts: Texts;
}

/** Reads the state that a request names. Throws if it is invalid. */
export async function readState(request: ExplainRequest, effects: Effects): Promise<State> {
  if (!hasState(request)) {
    throw new Failure(
      "this needs cluster state: pass -f STATE or --live (for a Service, a chain or a line also --actual DUMP)",
      "usage",
    );
  }
  const sink = createSink();
  const read = await readRequestedInputs(request, { sink, need: "rules" }, effects);
  const { inputs } = await completeInputs(read, { request }, sink);
  const families = requestedFamilies(request.family);
  const options: CompileOptions = { ...readingOptions(request), families, origins: true };
  const values = valuesOf(inputs);
  const { documents } = inputs;
  const cluster = readCluster(values, inputs, options, sink);
  const refuseErrors = (): void => endOnErrors({ diagnostics: sink.diagnostics, documents }, effects);
  refuseErrors();
  return {
    cluster,
    documents,
    nodes: chooseNodes(cluster, request),
    compile: (node, objects) => {
      const only = objects && onlyOf(objects);
      const { script, plan } = compileNode(cluster, node, { ...options, only }, sink);
      refuseErrors();
      if (script === undefined || plan === undefined) throw new Error("compiling gave neither a script nor an error");
      return {
        facts: nodeFacts(cluster, plan, values),
        texts: readTexts(textsOfScript(script)),
      };
    },
    reportAbout: (isConcerned) => {
      const isReported = ({ code, severity, object }: Diagnostic): boolean =>
        code === "state-simulated" || (severity === "warning" && (object === undefined || isConcerned(object)));
      const diagnostics = sink.diagnostics.filter(isReported);
      effects.onNotice({ kind: "diagnostics", groups: [{ diagnostics, documents }] });
    },
  };
}

function onlyOf(objects: ReadonlySet<string>): OnlyOf {
  // Asked for each endpoint: most names are settled without making a text.
  const names = new Set([...objects].map((object) => object.slice(object.lastIndexOf("/") + 1)));
  return ({ kind, namespace, name }) => names.has(name) && objects.has(describeObject(kind, namespace, name));
}

function endOnErrors(group: DiagnosticGroup, { onNotice }: Effects): void {
  if (!hasErrors(group.diagnostics)) return;
  onNotice({ kind: "diagnostics", groups: [group] });
  throw new Failure(`${summarizeDiagnostics(group.diagnostics)}; nothing was explained`, "invalid-input");
}

/** Several Nodes exist and none is selected: all of them. */
function chooseNodes({ nodes }: Cluster, { node, allNodes }: ExplainRequest): readonly (string | undefined)[] {
  if (allNodes === true && nodes.length === 0)
    throw new Failure("--all-nodes needs at least one Node in the input", "usage");
  const isEvery = allNodes === true || (node === undefined && nodes.length > 1);
  return isEvery ? nodes.map(({ name }) => name).sort() : [node];
}

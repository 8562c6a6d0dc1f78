import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { hasState, type StateFlags, wantedFamilies } from "../../cli/program/state-flags.ts";
import { startProgress } from "../../cli/terminal/progress.ts";
import { type CompileOptions, compileNode, readCluster } from "../../compile/compile.ts";
import { createSink, type Diagnostic, hasErrors, type Sink } from "../../diagnostics/diagnostic.ts";
import { type NodeFacts, nodeFacts } from "../../explain/not-programmed/not-programmed.ts";
import { readTexts, type Texts, textsOfScript } from "../../explain/texts.ts";
import type { Inputs } from "../../host/files/read-inputs.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import { painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import { completeInputs, readFlaggedInputs } from "../read-state.ts";

/** Cluster state that was read for an explanation; nodes are compiled when they are asked for. */
export interface State {
  readonly cluster: Cluster;
  readonly documents: readonly SourceDocument[];
  /** The nodes that the flags choose; undefined: the one there is. */
  readonly nodes: readonly (string | undefined)[];
  readonly compile: (node: string | undefined) => CompiledState;
  /** Shows what is wrong with these objects, on stderr. */
  readonly tellAbout: (isConcerned: (object: string) => boolean) => void;
}

/** What a node is to be programmed with, and the decisions behind it. */
export interface CompiledState {
  readonly facts: NodeFacts;
  readonly texts: Texts;
}

export interface ChoiceOfNodes extends StateFlags {
  readonly allNodes?: boolean;
}

/** Reads the state that the flags name. Ends the command where it is invalid. */
export async function readState(flags: ChoiceOfNodes): Promise<State> {
  if (!hasState(flags)) {
    throw new CommandFailure(
      "this needs cluster state: pass -f STATE or --live (for a Service, a chain or a line also --actual DUMP)",
      exitCodes.usage,
    );
  }
  const sink = createSink();
  const progress = startProgress(process.stderr);
  const read = await readFlaggedInputs(flags, { sink, need: "rules", tell: progress.tell });
  progress.end();
  const { inputs } = completeInputs(read, { flags }, sink);
  const options: CompileOptions = {
    mode: flags.mode,
    families: wantedFamilies(flags.family),
    nodePortRange: flags.serviceNodePortRange,
    origins: true,
  };
  const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  const cluster = readCluster(values, inputs, options, sink);
  endOnErrors(sink, inputs, flags);
  return {
    cluster,
    documents: inputs.documents,
    nodes: chooseNodes(cluster, flags),
    compile: (node) => {
      const { script, plan } = compileNode(cluster, node, options, sink);
      endOnErrors(sink, inputs, flags);
      if (script === undefined || plan === undefined) throw new Error("compiling gave neither a script nor an error");
      return { facts: nodeFacts(cluster, plan, values), texts: readTexts(textsOfScript(script)) };
    },
    tellAbout: (isConcerned) => {
      const isTold = ({ code, severity, object }: Diagnostic): boolean =>
        code === "state-simulated" || (severity === "warning" && (object === undefined || isConcerned(object)));
      const told = sink.diagnostics.filter(isTold);
      process.stderr.write(renderDiagnostics(told, inputs.documents, painter(process.stderr, flags.color)));
    },
  };
}

function endOnErrors({ diagnostics }: Sink, { documents }: Inputs, { color }: ChoiceOfNodes): void {
  if (!hasErrors(diagnostics)) return;
  process.stderr.write(renderDiagnostics(diagnostics, documents, painter(process.stderr, color)));
  throw new CommandFailure(`${summarizeDiagnostics(diagnostics)}; nothing was explained`, exitCodes.invalidInput);
}

/** Several Nodes and none chosen: all of them. */
function chooseNodes({ nodes }: Cluster, { node, allNodes }: ChoiceOfNodes): readonly (string | undefined)[] {
  if (allNodes === true && nodes.length === 0) {
    throw new CommandFailure("--all-nodes needs at least one Node in the input", exitCodes.usage);
  }
  const isEvery = allNodes === true || (node === undefined && nodes.length > 1);
  return isEvery ? nodes.map(({ name }) => name).sort() : [node];
}

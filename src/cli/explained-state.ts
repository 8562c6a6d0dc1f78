import { compileNode } from "../compile.ts";
import { createSink, hasErrors } from "../diagnostics/diagnostic.ts";
import { createSubject } from "../diagnostics/subject.ts";
import { readEvaluatedHost } from "../evaluate/host.ts";
import { isLoopback } from "../model/address.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { type NodeView, resolveNodeView } from "../resolve/node-view.ts";
import type { ExplainedHost } from "../review/explain/packet/explain-packet.ts";
import { findPods, type KnownPod } from "../review/explain/packet/find-pods.ts";
import type { Surroundings } from "../review/explain/packet/resolve-packet.ts";
import { painter } from "./color.ts";
import { CommandFailure, exitCodes } from "./exit-codes.ts";
import { readState, type State } from "./read-state.ts";
import { renderDiagnostics, summarizeDiagnostics } from "./render-diagnostics.ts";
import { causeInScript } from "./script-causes.ts";
import { scriptTexts } from "./script-texts.ts";
import { type StateFlags, wantedFamilies } from "./state-flags.ts";

/** A host to ask, and what names in a question about it mean. */
export interface Asked {
  readonly explained: ExplainedHost;
  readonly surroundings: Surroundings;
}

/** Compiles state for a node: the host to ask is the one that would be programmed with it. */
export async function compiledHost(flags: StateFlags, tell: (what: string) => void): Promise<Asked> {
  const state = await readState(flags, { families: wantedFamilies(flags.family), origins: true }, tell);
  const { cluster, inputs, options, sink } = state;
  tell("compiling");
  const { script } = compileNode(cluster, flags.node, options, sink);
  process.stderr.write(renderDiagnostics(sink.diagnostics, inputs.documents, painter(process.stderr, flags.color)));
  const view = nodeView(state, flags.node);
  if (script === undefined || view === undefined || hasErrors(sink.diagnostics)) {
    throw new CommandFailure(`${summarizeDiagnostics(sink.diagnostics)}; nothing is explained`, exitCodes.invalidInput);
  }
  tell("reading the rules");
  const host = readEvaluatedHost(scriptTexts(script), {
    nodeAddresses: view.hostAddresses.map(({ text }) => text),
    podRanges: (view.node?.podCidrs ?? []).map(({ text }) => text),
  });
  const surroundings = surroundingsOf(state, view, host);
  const explained: ExplainedHost = {
    node: view.name,
    mode: cluster.proxyConfiguration.mode,
    host,
    causeOf: causeInScript(script, inputs.documents),
    endpointAt: endpointFinder(surroundings),
    assumptions: [],
  };
  return { explained, surroundings };
}

/** Its problems were reported when the node was compiled. */
function nodeView({ cluster }: State, node: string | undefined): NodeView | undefined {
  return resolveNodeView(cluster, node, undefined, createSink().reporter(createSubject()));
}

function surroundingsOf({ cluster, inputs }: State, view: NodeView, host: Surroundings["host"]): Surroundings {
  let pods: ReadonlyMap<string, KnownPod> | undefined;
  const first = (family: "ipv4" | "ipv6"): string | undefined =>
    [view.ips[family], ...view.hostAddresses].find((ip) => ip.family === family && !isLoopback(ip))?.text;
  const [ipv4, ipv6] = [first("ipv4"), first("ipv6")];
  return {
    node: view.name,
    nodeAddresses: { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) },
    host,
    services: cluster.services,
    pods: () => {
      const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
      pods ??= findPods(flattenDocuments(values, createSink()));
      return pods;
    },
    isTaken: (address) =>
      cluster.slices.some(({ endpoints }) => endpoints.some(({ ip }) => ip === address)) ||
      cluster.nodes.some(({ addresses }) => addresses.some(({ ip }) => ip.text === address)),
  };
}

/** Who has an endpoint's address. Pods are asked for once, by whoever asks first. */
function endpointFinder({ pods }: Surroundings): ExplainedHost["endpointAt"] {
  let byAddress: Map<string, KnownPod> | undefined;
  return (target) => {
    byAddress ??= new Map([...pods().values()].flatMap((pod) => pod.addresses.map(({ text }) => [text, pod])));
    const pod = byAddress.get(target.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"));
    return pod && { pod: `${pod.namespace}/${pod.name}`, node: pod.node };
  };
}

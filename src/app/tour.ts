import { createFindingOwners } from "../check/finding-owners.ts";
import { checkCluster } from "../check/state/check-state.ts";
import { type CompileOptions, compileNode } from "../compile/compile.ts";
import { createSink } from "../diagnostics/diagnostic.ts";
import { artifactsOf } from "../ir/artifact.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { groupBy } from "../model/group-by.ts";
import type { Service } from "../model/objects/service.ts";
import { createReport } from "../report/findings/report.ts";
import { makeTour, type TourRequest as TourQuestion } from "../tour/make-tour.ts";
import type { Tour, TourFinding, TourRule } from "../tour/tour.ts";
import { type Effects, Failure } from "./effects.ts";
import { reportDiagnostics } from "./explain/dumped-host.ts";
import { narrowingOf } from "./narrowing.ts";
import { completeInputs, readRequestedInputs, type State, stateOf, valuesOf } from "./read-state.ts";
import { type NarrowRequest, readingOptions, requestedFamilies, type StateRequest } from "./requests.ts";

export interface TourRequest extends StateRequest, NarrowRequest {
  /** Show the rules of each Service too. */
  readonly rules?: boolean;
}

/** Says in the terms of its users what each Service of a state does. */
export async function tourState(request: TourRequest, effects: Effects): Promise<Tour> {
  const sink = createSink();
  effects.onProgress("reading the input");
  const read = await readRequestedInputs(request, { sink, need: "pods" }, effects);
  const { inputs } = await completeInputs(read, { request }, sink);
  const options: CompileOptions = { ...readingOptions(request), families: requestedFamilies(request.family) };
  const state = stateOf(inputs, options, sink);
  effects.onProgress("following packets");
  const narrowing = narrowingOf(request, { clusters: [state.cluster], lines: () => [] }, effects);
  const tour = makeTour(state, {
    node: request.node,
    shows: (service) => narrowing?.shows([service]) ?? true,
    findings: findingsIn(state, request),
    rulesOf: request.rules === true ? rulesIn(state, request) : undefined,
  });
  reportNotices(state, effects);
  if (tour === undefined) throw new Failure("nothing was shown", "invalid-input");
  return tour;
}

/** Warnings are among the findings: what remains says what was simulated, and what is wrong with the input. */
function reportNotices(state: State, effects: Effects): void {
  const { sink } = state;
  const notices = sink.diagnostics.filter(({ code, severity }) => severity === "error" || code === "state-simulated");
  reportDiagnostics({ ...state, sink: { ...sink, diagnostics: notices } }, effects);
}

function findingsIn({ inputs, cluster, options }: State, { node }: TourRequest): TourQuestion["findings"] {
  const documents = valuesOf(inputs);
  const found = createSink();
  checkCluster({ documents, roles: inputs, options, node }, found);
  const objects = flattenDocuments(documents, createSink());
  const ownersOf = createFindingOwners({ objects, cluster, textOf: () => undefined });
  const { findings } = createReport(found.diagnostics, inputs.documents, { suppress: [], baseline: new Map() });
  return findings.map(({ diagnostic, file, location }) => {
    const { severity, code, message } = diagnostic;
    const place =
      file === undefined || location === undefined ? {} : { file, line: location.line, column: location.column };
    const finding: TourFinding = { severity, code, message, ...place };
    return { finding, services: ownersOf(diagnostic).map((name) => name.replace(/:.*$/, "")) };
  });
}

/** The lines of each Service on the requested node, or the first. */
function rulesIn({ cluster, options, sink }: State, { node }: TourRequest): (service: Service) => readonly TourRule[] {
  const [first] = cluster.nodes.map(({ name }) => name).sort();
  const { script } = compileNode(cluster, node ?? first, { ...options, origins: true }, sink);
  const owners = new Map(
    cluster.slices.map(({ source, namespace, name, service }) => [
      `${source} ${namespace}/${name}`,
      `${namespace}/${service}`,
    ]),
  );
  const lines = (script === undefined ? [] : artifactsOf(script)).flatMap(({ file, text, origins }) => {
    const texts = text.split("\n");
    return origins.map(({ line, object }) => {
      const service = owners.get(object) ?? object.replace(/^Service /, "");
      return { service, rule: { file, line, text: texts[line - 1] ?? "" } };
    });
  });
  const byService = groupBy(lines, ({ service }) => service);
  return ({ namespace, name }) => (byService.get(`${namespace}/${name}`) ?? []).map(({ rule }) => rule);
}

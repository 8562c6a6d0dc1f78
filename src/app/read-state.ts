import { type CompileOptions, type ReadState, readCluster } from "../compile/compile.ts";
import { createSink, hasErrors, type Sink } from "../diagnostics/diagnostic.ts";
import type { Origin } from "../diagnostics/place.ts";
import type { Inputs } from "../host/files/read-inputs.ts";
import type { Need } from "../host/kube/resources.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { isRecord } from "../model/fields/fields.ts";
import type { Allocations } from "../simulate/allocate.ts";
import { isBare } from "../simulate/is-bare.ts";
import type { SimulateOptions } from "../simulate/options.ts";
import { type Effects, Failure } from "./effects.ts";
import {
  type LiveRequest,
  readingOptions,
  type SimulateRequest,
  type StateRequest,
  simulateOptions,
} from "./requests.ts";

/** Cluster state as a command reads it. */
export interface State extends ReadState {
  readonly inputs: Inputs;
  /** The allocations of a simulated state. */
  readonly held?: Allocations;
  /** Whether pods were requested from a running cluster, but the permission to list them is missing. */
  readonly withoutPods?: boolean;
  /** The inputs before a simulation. */
  readonly given?: Inputs;
}

/** Reads the state that a request names. `more` has options that are not part of the request. */
export async function readState(request: StateRequest, more: CompileOptions, effects: Effects): Promise<State> {
  const sink = createSink();
  effects.onProgress("reading the input");
  const read = await readRequestedInputs(request, { sink, need: "rules" }, effects);
  effects.onProgress("checking objects");
  const { inputs } = await completeInputs(read, { request }, sink);
  return stateOf(inputs, { ...readingOptions(request), ...more }, sink);
}

/** Reads what a request names: files or a running cluster, and overlays. */
export async function readRequestedInputs(
  {
    filename: filenames = [],
    recursive = false,
    proxyConfig,
    cniConfig,
    overlay: overlays = [],
    ...request
  }: StateRequest,
  { sink, need }: { readonly sink: Sink; readonly need: Need },
  effects: Effects,
): Promise<Inputs> {
  const needs = { need: liveNeedOf(need, request, overlays.length > 0), withConfiguration: proxyConfig === undefined };
  const live = await readLiveDocuments(request, needs, effects);
  return effects.sources.readInputs(
    { given: live?.documents, filenames, recursive, proxyConfig, cniConfig, overlays },
    sink,
  );
}

type Simulation = SimulateRequest & Pick<StateRequest, "serviceNodePortRange" | "hostPorts">;

/** What to read from a running cluster. Pods are needed for host ports, and where endpoints are computed from them. */
export function liveNeedOf(need: Need, request: Simulation, isLaidOver: boolean): Need {
  const isAsIs = !isLaidOver && request.hostPorts !== true && request.simulate !== true;
  return isAsIs ? need : "pods-unless-forbidden";
}

export interface LiveNeeds {
  readonly need: Need;
  /** False if another configuration is passed. */
  readonly withConfiguration: boolean;
}

export interface LiveDocuments {
  readonly context: string;
  readonly documents: readonly SourceDocument[];
  /** The missing permission to read pods, if the command continues without them. */
  readonly podsForbidden: string | undefined;
}

/** Timeouts for `--request-timeout`, which bounds a list with all its pages; by default each page has its own. */
export function patienceOf(requestTimeout: number | undefined): LivePatience {
  if (requestTimeout === undefined) return { patience: 30_000, listPatience: 300_000 };
  return { patience: requestTimeout === 0 ? undefined : requestTimeout };
}

type LivePatience = Pick<Parameters<Effects["sources"]["readLive"]>[0], "patience" | "listPatience">;

/** Reads the running cluster that a request names; undefined if it names none. Throws if it cannot be read. */
export async function readLiveDocuments(
  request: LiveRequest,
  needs: LiveNeeds,
  { sources, onProgress, onNotice }: Effects,
): Promise<LiveDocuments | undefined> {
  refuseStrayChoices(request);
  if (request.live !== true) return undefined;
  const { kubeconfig, context, cluster, user, as, requestTimeout } = request;
  const target = { kubeconfig, context, cluster, user, as, ...patienceOf(requestTimeout) };
  const live = await sources.readLive({ ...target, ...needs }, onProgress);
  if (live.kind === "failed") throw new Failure(live.message, "environment");
  if (needs.withConfiguration && !live.hasConfiguration) onNotice({ kind: "no-proxy-configuration" });
  for (const text of live.leftOut) onNotice({ kind: "warning", text });
  if (live.podsForbidden !== undefined) onNotice({ kind: "pods-forbidden", reason: live.podsForbidden });
  return live;
}

/** Refuses options without effect: the user would believe that the cluster is read. */
function refuseStrayChoices(request: LiveRequest): void {
  if (request.live === true) return;
  const { kubeconfig, context, cluster, user, as, requestTimeout } = request;
  const given = Object.entries({ kubeconfig, context, cluster, user, as, "request-timeout": requestTimeout });
  const [stray] = given.find(([, value]) => value !== undefined) ?? [];
  if (stray === undefined) return;
  throw new Failure(`--${stray} needs --live`, "usage");
}

/**
 * The inputs, simulated if requested, or if they are bare manifests. With an overlay, endpoints are always recomputed. `held` has the allocations of
 * another state.
 */
export async function completeInputs(
  inputs: Inputs,
  { request, held = new Map() }: { readonly request: Simulation; readonly held?: Allocations | undefined },
  sink: Sink,
): Promise<SimulatedInputs> {
  const { simulate } = request;
  const isAssumed = simulate === undefined && isBare(valuesOf(inputs));
  const options = isAssumed || simulate === true ? simulateOptions(request) : undefined;
  const isAsIs = options === undefined && inputs.overlaysFrom === undefined;
  return isAsIs ? { inputs, held } : simulateInputs({ ...inputs, isAssumed }, { options, held }, sink);
}

/** State of inputs that are read already. */
export function stateOf(inputs: Inputs, options: CompileOptions, sink: Sink): State {
  return { inputs, cluster: readCluster(valuesOf(inputs), inputs, options, sink), options, sink };
}

/** The values of the documents that have a value. */
export function valuesOf({ documents, valueCount }: Inputs): readonly unknown[] {
  return documents.slice(0, valueCount).map(({ value }) => value);
}

/** The same, with an empty List for each configuration that --proxy-config replaces: values keep their numbers. */
export function withoutOverridden(inputs: Inputs): readonly unknown[] {
  const { proxyConfigDocument } = inputs;
  return valuesOf(inputs).map((value, number) => {
    const isOverridden = proxyConfigDocument !== undefined && number !== proxyConfigDocument;
    return isOverridden && isRecord(value) && value.kind === "KubeProxyConfiguration" ? emptyList : value;
  });
}

interface SimulatedInputs {
  readonly inputs: Inputs;
  readonly held: Allocations;
}

/**
 * Inputs with the objects that a cluster would add. Documents keep their numbers. Simulated objects follow, each with
 * the place of its source object. Inputs that could not be read are unchanged.
 */
async function simulateInputs(
  inputs: Inputs,
  { options, held }: { readonly options: SimulateOptions | undefined; readonly held: Allocations },
  sink: Sink,
): Promise<SimulatedInputs> {
  if (hasErrors(sink.diagnostics)) return { inputs, held };
  const { documents, valueCount } = inputs;
  // Most runs do not simulate.
  const { simulateDocuments } = await import("../simulate/simulate-documents.ts");
  const simulated = simulateDocuments(valuesOf(inputs), { roles: inputs, options, held }, sink);
  // A document that marks a warning about a text has no value; since documents with values follow, it gets one.
  const given = documents.map((document, number) => ({
    ...document,
    value: number < valueCount ? simulated.documents[number] : emptyList,
  }));
  const made = simulated.invented.map(({ value, origin }) => madeDocument(value, origin, documents));
  const all = [...given, ...made];
  const recomputed = new Set([...simulated.recomputed].map((key) => `Service ${key}`));
  return { inputs: { ...inputs, documents: all, valueCount: all.length, recomputed }, held: simulated.held };
}

const emptyList = { apiVersion: "v1", kind: "List", items: [] };

function madeDocument(
  value: unknown,
  origin: Origin | undefined,
  documents: readonly SourceDocument[],
): SourceDocument {
  const within = origin === undefined ? undefined : documents[origin.document];
  if (within === undefined || origin === undefined) {
    return { value, source: { name: "(simulated)", text: "" }, form: { kind: "none" } };
  }
  return { value, source: within.source, form: { kind: "made", within, path: origin.path } };
}

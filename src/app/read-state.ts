import { type SimulateFlags, simulateOptions } from "../cli/program/simulate-flags.ts";
import type { StateFlags } from "../cli/program/state-flags.ts";
import { type CompileOptions, readCluster } from "../compile/compile.ts";
import { createSink, hasErrors, type Sink } from "../diagnostics/diagnostic.ts";
import type { Origin } from "../diagnostics/place.ts";
import { type Inputs, readInputs } from "../host/files/read-inputs.ts";
import type { Need } from "../host/kube/resources.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import type { Holdings } from "../simulate/allocate.ts";
import type { SimulateOptions } from "../simulate/options.ts";
import { simulateDocuments } from "../simulate/simulate-documents.ts";
import { readLiveDocuments } from "./read-live.ts";

/** Cluster state as it was read, and how it is to be compiled. */
export interface State {
  readonly inputs: Inputs;
  readonly cluster: Cluster;
  readonly options: CompileOptions;
  /** Holds what reading it found, errors too: compileNode gives no script then. */
  readonly sink: Sink;
  /** Of a simulated state: what was allocated to whom. */
  readonly held?: Holdings;
  /** Whether pods were wanted of a running cluster, and the right to list them is missing. */
  readonly withoutPods?: boolean;
}

/** Reads the state that the flags of a command name. `more` are options that the flags do not hold. */
export async function readState(
  flags: StateFlags,
  more: CompileOptions,
  tell: (what: string) => void = () => {},
): Promise<State> {
  const sink = createSink();
  tell("reading the input");
  const read = await readFlaggedInputs(flags, { sink, need: "rules", tell });
  tell("checking objects");
  const { inputs } = completeInputs(read, { flags }, sink);
  return stateOf(inputs, { mode: flags.mode, nodePortRange: flags.serviceNodePortRange, ...more }, sink);
}

export interface InputWishes {
  readonly sink: Sink;
  readonly need: Need;
  readonly tell?: (what: string) => void;
}

/** Reads what the flags name, files or a running cluster, and what they lay over it. */
export async function readFlaggedInputs(
  { filename: filenames = [], recursive = false, proxyConfig, overlay: overlays = [], ...flags }: StateFlags,
  { sink, need, tell = () => {} }: InputWishes,
): Promise<Inputs> {
  const needs = { need: liveNeedOf(need, flags, overlays.length > 0), withConfiguration: proxyConfig === undefined };
  const live = await readLiveDocuments(flags, needs, tell);
  return readInputs({ given: live?.documents, filenames, recursive, proxyConfig, overlays }, sink);
}

/** What --live reads for a command that needs this much: endpoints are made of pods where state is not taken as it is. */
export function liveNeedOf(need: Need, flags: SimulationFlags, isLaidOver: boolean): Need {
  const isAsIs = !isLaidOver && simulateOptions(flags, flags.serviceNodePortRange) === undefined;
  return isAsIs ? need : "pods-unless-forbidden";
}

/**
 * The inputs, simulated where the flags ask for it; under an overlay, endpoints are made true again anyway. `held` is what
 * another state has allocated.
 */
export function completeInputs(
  inputs: Inputs,
  { flags, held = new Map() }: { readonly flags: SimulationFlags; readonly held?: Holdings | undefined },
  sink: Sink,
): SimulatedInputs {
  const options = simulateOptions(flags, flags.serviceNodePortRange);
  const isAsIs = options === undefined && inputs.overlaysFrom === undefined;
  return isAsIs ? { inputs, held } : simulateInputs(inputs, { options, held }, sink);
}

type SimulationFlags = SimulateFlags & Pick<StateFlags, "serviceNodePortRange">;

/** State of inputs that are read already. */
export function stateOf(inputs: Inputs, options: CompileOptions, sink: Sink): State {
  const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  return { inputs, cluster: readCluster(values, inputs, options, sink), options, sink };
}

export interface SimulatedInputs {
  readonly inputs: Inputs;
  readonly held: Holdings;
}

/**
 * Inputs with what a cluster would add to them. Documents keep their numbers; invented objects come after them, each
 * with the place of the object it was made for. Inputs that could not be read stay as they are.
 */
export function simulateInputs(
  inputs: Inputs,
  { options, held }: { readonly options: SimulateOptions | undefined; readonly held: Holdings },
  sink: Sink,
): SimulatedInputs {
  if (hasErrors(sink.diagnostics)) return { inputs, held };
  const { documents, valueCount } = inputs;
  const values = documents.slice(0, valueCount).map(({ value }) => value);
  const simulated = simulateDocuments(values, { roles: inputs, options, held }, sink);
  const given = documents.map((document, number) => ({
    ...document,
    value: number < valueCount ? simulated.documents[number] : emptyList,
  }));
  const made = simulated.invented.map(({ value, origin }) => madeDocument(value, origin, documents));
  const all = [...given, ...made];
  const recomputed = new Set([...simulated.recomputed].map((key) => `Service ${key}`));
  return { inputs: { ...inputs, documents: all, valueCount: all.length, recomputed }, held: simulated.held };
}

/** What marks a warning about a text has no value; now it stands among those that have. */
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

import { type CompileOptions, readCluster } from "../compile.ts";
import { createSink, type Sink } from "../diagnostics/diagnostic.ts";
import type { Need } from "../host/live/resources.ts";
import { type Inputs, readInputs } from "../host/sources/read-inputs.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Holdings } from "../simulate/allocate.ts";
import { readLiveDocuments } from "./live/read-documents.ts";
import type { StateFlags } from "./program/state-flags.ts";
import { type SimulateFlags, simulateOptions } from "./simulate/simulate-flags.ts";
import { type SimulatedInputs, simulateInputs } from "./simulate/simulate-inputs.ts";

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

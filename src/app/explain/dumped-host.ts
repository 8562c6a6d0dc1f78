import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { type HostSide, hostSideOf } from "../../diff/host-side.ts";
import { dumpedQuery } from "../../explain/packet/dumped-query.ts";
import { compiledQuery, type PacketQuery } from "../../explain/packet/packet-query.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import { type Effects, Failure } from "../effects.ts";
import { readDumps } from "../read-dumps.ts";
import { readHost, thisHost } from "../read-host.ts";
import { readState, type State } from "../read-state.ts";
import { hasState, requestedFamilies, type StateRequest } from "../requests.ts";

/** The host is the one that this state would be compiled for. */
export async function compiledHost(request: StateRequest, effects: Effects): Promise<PacketQuery> {
  const state = await readState(request, { families: requestedFamilies(request.family) }, effects);
  effects.onProgress("compiling");
  const query = compiledQuery(state, request.node);
  reportDiagnostics(state, effects);
  if (query === undefined) throw new Error("compiling gave neither a script nor an error");
  return query;
}

/** Reports the diagnostics of the state. Throws if there is an error. */
export function reportDiagnostics({ sink: { diagnostics }, inputs }: State, { onNotice }: Effects): void {
  onNotice({ kind: "diagnostics", groups: [{ diagnostics, documents: inputs.documents }] });
  if (!hasErrors(diagnostics)) return;
  throw new Failure(`${summarizeDiagnostics(diagnostics)}; nothing was explained`, "invalid-input");
}

/** If state is passed, it is used for names and causes only. */
export interface DumpRequest extends StateRequest {
  readonly actual: readonly string[];
  readonly nodeAddress?: readonly string[];
}

/** The host is the one that the dump describes. */
export async function dumpedHost(request: DumpRequest, effects: Effects): Promise<PacketQuery> {
  const side = await readHostSide(request, effects);
  const node = request.node ?? side.name;
  const given = request.nodeAddress ?? side.addresses;
  const stateRequest = { ...request, ...(node === undefined ? {} : { node }) };
  const state = hasState(request) ? await readNames(stateRequest, given, effects) : undefined;
  effects.onProgress("reading the rules");
  return dumpedQuery(side, { node, given, state, file: request.actual.join(", ") });
}

async function readNames(request: StateRequest, hostAddresses: readonly string[] | undefined, effects: Effects) {
  const state = await readState(request, { families: requestedFamilies(request.family), hostAddresses }, effects);
  reportDiagnostics(state, effects);
  return state;
}

async function readHostSide({ actual, node }: DumpRequest, effects: Effects): Promise<HostSide> {
  const hosts = actual.includes(thisHost) ? await readThisHost(effects) : await readHosts(actual, effects);
  const [only, second] = node === undefined || hosts.length === 1 ? hosts : hosts.filter(({ name }) => name === node);
  if (only !== undefined && second === undefined) return only;
  const names = hosts.map(({ name }) => name ?? "one without a name").join(", ");
  throw new Failure(`${actual.join(", ")} contains several hosts: ${names}; choose one with --node`, "usage");
}

async function readThisHost(effects: Effects): Promise<readonly HostSide[]> {
  const { document } = await readHost([thisHost], effects);
  const side = hostSideOf(document, "this host");
  return typeof side === "string" ? [] : [side];
}

async function readHosts(paths: readonly string[], effects: Effects): Promise<readonly HostSide[]> {
  return (await readDumps(paths, effects)).map((document) => {
    const side = hostSideOf(document, paths.join(", "));
    if (typeof side === "string") throw new Failure(side, "invalid-input");
    return side;
  });
}

import { createSink, hasErrors, type Sink } from "../../diagnostics/diagnostic.ts";
import { type Inputs, readInputs, withConfiguration, withoutOverlays } from "../../host/read-inputs.ts";
import { objectNames } from "../../model/overlay/lay-over.ts";
import type { Holdings } from "../../simulate/allocate.ts";
import { painter } from "../color.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { completeInputs, type State, stateOf } from "../read-state.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../render-diagnostics.ts";
import { readSide } from "./read-side.ts";
import type { SideRequest, SideSource, SideSources } from "./side-request.ts";
import { tellNote } from "./tell-diagnostics.ts";

/** Reads both sides of a diff: two paths, or one state as it is and as other flags make it. */
export async function readSideSources(request: SideRequest): Promise<SideSources> {
  const { base, head, overlay, toMode, toProxyConfig, filename = [] } = request;
  const changes = [overlay, toMode, toProxyConfig].filter((one) => one !== undefined);
  if (base !== undefined && head !== undefined) {
    if (base === "-" && head === "-") throw usage("only one side can be read from standard input");
    const before = await readOne(base, request, {});
    const known = { gone: namesLaid(before), held: heldBy(before) };
    return { base: before, head: await readOne(head, headRequest(request), known) };
  }
  if (base === undefined && filename.length === 0) throw usage("say what to compare: BASE and HEAD, or -f STATE");
  if (changes.length === 0) {
    throw usage("there is one side only: name HEAD, or say --overlay, --to-mode or --to-proxy-config");
  }
  return readOneState(request);
}

/** HEAD under another mode or configuration, where these are given. */
function headRequest(request: SideRequest): SideRequest {
  const { toMode = request.mode, toProxyConfig = request.proxyConfig } = request;
  return {
    ...request,
    ...(toMode === undefined ? {} : { mode: toMode }),
    ...(toProxyConfig === undefined ? {} : { proxyConfig: toProxyConfig }),
  };
}

/** What BASE says that HEAD is read with. */
interface KnownOfBase {
  readonly gone?: ReadonlySet<string> | undefined;
  /** So that a simulated HEAD gives the same addresses to the same names. */
  readonly held?: Holdings | undefined;
}

async function readOne(path: string, request: SideRequest, known: KnownOfBase): Promise<SideSource> {
  const { filename = [], overlay = [], recursive = false } = request;
  const content = await readSide(path, recursive);
  switch (content.kind) {
    case "hosts":
      if (filename.length > 0 || overlay.length > 0) {
        throw usage(`${path} holds rules, not manifests: -f and --overlay have nothing to add to it`);
      }
      return { ...content, name: path };
    case "empty": {
      if (filename.length === 0) return { ...content, name: path };
      tellNote(content.reason);
      return {
        kind: "state",
        name: path,
        state: await readLaid(request, { filenames: filename, overlays: overlay, ...known }),
      };
    }
    case "manifests": {
      const files = filename.length === 0 ? [[path], overlay] : [filename, [path, ...overlay]];
      const [filenames = [], overlays = []] = files;
      return { kind: "state", name: path, state: await readLaid(request, { filenames, overlays, ...known }) };
    }
  }
}

interface Laid extends KnownOfBase {
  readonly filenames: readonly string[];
  readonly overlays: readonly string[];
}

/** With -f, a side lies over that state: a repository's manifests know nothing of what a cluster fills in. */
async function readLaid(request: SideRequest, { filenames, overlays, gone, held }: Laid): Promise<State> {
  const { recursive = false, proxyConfig } = request;
  const sink = createSink();
  const inputs = await readInputs({ filenames, overlays, recursive, proxyConfig }, sink);
  return completeState({ ...inputs, gone }, { request, held }, sink);
}

/** What BASE lays over the state of both sides: where HEAD has no such object, it was deleted. */
function namesLaid(source: SideSource): ReadonlySet<string> | undefined {
  if (source.kind !== "state") return undefined;
  const { documents, overlaysFrom, valueCount } = source.state.inputs;
  if (overlaysFrom === undefined) return undefined;
  return objectNames(documents.slice(overlaysFrom, valueCount).map(({ value }) => value));
}

/** The files are read once; both sides share what they say. */
async function readOneState(request: SideRequest): Promise<SideSources> {
  const { base, recursive = false, proxyConfig, overlay: overlays = [] } = request;
  if (base !== undefined && (await readSide(base, recursive)).kind === "hosts") {
    throw usage(`${base} holds rules: name HEAD to compare them with`);
  }
  const filenames = [...(request.filename ?? []), ...(base === undefined ? [] : [base])];
  const sink = createSink();
  const inputs = await readInputs({ filenames, recursive, proxyConfig, overlays }, sink);
  if (hasErrors(sink.diagnostics)) throw unreadable(sink.diagnostics, inputs, request);
  const other = await readConfiguration(request);
  const name = filenames.join(" + ");
  const before = completeState(withoutOverlays(inputs), { request }, createSink());
  const after = completeState(
    other === undefined ? inputs : withConfiguration(inputs, other),
    { request: headRequest(request), held: before.held },
    createSink(),
  );
  const additions = [...overlays, ...(request.toProxyConfig === undefined ? [] : [request.toProxyConfig])];
  return {
    base: { kind: "state", name, state: before },
    head: { kind: "state", name: [name, ...additions].join(" + "), state: after },
  };
}

async function readConfiguration(request: SideRequest): Promise<Inputs | undefined> {
  const { toProxyConfig: proxyConfig } = request;
  if (proxyConfig === undefined) return undefined;
  const sink = createSink();
  const inputs = await readInputs({ filenames: [], recursive: false, proxyConfig, overlays: [] }, sink);
  if (hasErrors(sink.diagnostics)) throw unreadable(sink.diagnostics, inputs, request);
  return inputs;
}

/** The state of inputs, simulated where the request asks for it. */
function completeState(
  inputs: Inputs,
  { request, held: known }: { readonly request: SideRequest; readonly held?: Holdings | undefined },
  sink: Sink,
): State {
  const { mode, serviceNodePortRange: nodePortRange } = request;
  const { inputs: completed, held } = completeInputs(inputs, { flags: request, held: known }, sink);
  return { ...stateOf(completed, { mode, nodePortRange }, sink), held };
}

function heldBy(source: SideSource): Holdings | undefined {
  return source.kind === "state" ? source.state.held : undefined;
}

function unreadable(
  diagnostics: Parameters<typeof renderDiagnostics>[0],
  { documents }: Inputs,
  { color }: SideRequest,
): CommandFailure {
  process.stderr.write(renderDiagnostics(diagnostics, documents, painter(process.stderr, color)));
  return new CommandFailure(`${summarizeDiagnostics(diagnostics)}; nothing was compared`, exitCodes.invalidInput);
}

function usage(message: string): CommandFailure {
  return new CommandFailure(message, exitCodes.usage);
}

import { createSink, hasErrors, type Sink } from "../../diagnostics/diagnostic.ts";
import type { HostSide } from "../../diff/host-side.ts";
import type { Inputs } from "../../host/files/read-inputs.ts";
import { objectNames } from "../../model/documents/apply-overlay.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import type { KubeProxyVersion } from "../../model/proxy-configuration/kube-proxy-version.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import type { Allocations } from "../../simulate/allocate.ts";
import { type DiagnosticGroup, type Effects, Failure } from "../effects.ts";
import {
  completeInputs,
  type LiveDocuments,
  type LiveNeeds,
  liveNeedOf,
  readLiveDocuments,
  type State,
  stateOf,
  valuesOf,
} from "../read-state.ts";
import { hasState, readingOptions, type StateRequest } from "../requests.ts";
import { readSide } from "./read-side.ts";

/** The input of `diff`. -f is state that both sides share, in addition to BASE and HEAD. */
export interface SideRequest extends StateRequest {
  readonly base?: string | undefined;
  readonly head?: string | undefined;
  readonly toMode?: ProxyMode;
  readonly toKubeProxyVersion?: KubeProxyVersion;
  readonly toProxyConfig?: string;
  /** The running cluster, which is read once for both sides. */
  readonly running?: LiveDocuments | undefined;
}

/** A side that was read and not compiled yet. `name` is its name in messages and reports. */
export type SideSource =
  | { readonly kind: "state"; readonly name: string; readonly state: State }
  | { readonly kind: "hosts"; readonly name: string; readonly hosts: readonly HostSide[] }
  | { readonly kind: "empty"; readonly name: string; readonly reason: string };

export interface SideSources {
  readonly base: SideSource;
  readonly head: SideSource;
}

/** Reads both sides of a diff: two paths, or one state with and without other options. */
export async function readSideSources(given: SideRequest, effects: Effects): Promise<SideSources> {
  const isLaidOver = given.overlay !== undefined || (given.base !== undefined && given.head !== undefined);
  const needs = liveNeedsOf(given, isLaidOver);
  const isLiveSide = [given.base, given.head].some((path) => path?.startsWith(livePrefix) === true);
  const running = isLiveSide && given.live !== true ? undefined : await readLiveDocuments(given, needs, effects);
  const request = { ...given, running };
  const { base, head, overlay, toMode, toKubeProxyVersion, toProxyConfig } = request;
  const changes = [overlay, toMode, toKubeProxyVersion, toProxyConfig].filter((one) => one !== undefined);
  if (base !== undefined && head !== undefined) {
    if (base === "-" && head === "-") throw usage("only one side can be read from standard input");
    const before = await readOne(base, request, {}, effects);
    const known = { gone: namesLaid(before), held: heldBy(before) };
    const after = await readOne(head, headRequest(request), known, effects);
    return {
      base: await completedFrom(after, before, request),
      head: await completedFrom(before, after, headRequest(request)),
    };
  }
  if (running !== undefined && base !== undefined) return readFromLive(base, request, effects);
  if (!hasState(request) && base === undefined) {
    throw usage("nothing to compare: pass BASE and HEAD, or -f STATE or --live and what changes");
  }
  if (base?.startsWith(livePrefix) === true)
    throw usage(`${base} alone cannot be compared: pass --live, and what changes`);
  if (changes.length === 0) {
    throw usage(
      "only one side was passed: pass HEAD, or --overlay, --to-mode, --to-kube-proxy-version or --to-proxy-config",
    );
  }
  return readOneState(request, effects);
}

function liveNeedsOf(request: SideRequest, isLaidOver: boolean): LiveNeeds {
  return { need: liveNeedOf("rules", request, isLaidOver), withConfiguration: request.proxyConfig === undefined };
}

const livePrefix = "live:";

/** `live:` and `live:CONTEXT` are the running cluster itself, without an overlay. */
async function readLiveSide(path: string, request: SideRequest, effects: Effects): Promise<SideSource> {
  const { running: _, filename, overlay, ...others } = request;
  if (filename !== undefined || request.live === true || overlay !== undefined) {
    throw usage(`${path} is a running cluster: it cannot be combined with -f, --live or --overlay`);
  }
  const context = path.slice(livePrefix.length);
  const asked = { ...others, live: true, ...(context === "" ? {} : { context }) };
  const quiet = { ...effects, onProgress: () => {} };
  const running = await readLiveDocuments(asked, liveNeedsOf(request, false), quiet);
  const state = await readLaid({ ...others, running }, { filenames: [], overlays: [], gone: undefined }, effects);
  return { kind: "state", name: nameOfLive(running), state };
}

/** HEAD with another mode, version or configuration, if these are passed. */
function headRequest(request: SideRequest): SideRequest {
  const { toMode = request.mode, toProxyConfig = request.proxyConfig } = request;
  const { toKubeProxyVersion = request.kubeProxyVersion } = request;
  return {
    ...request,
    ...(toMode === undefined ? {} : { mode: toMode }),
    ...(toKubeProxyVersion === undefined ? {} : { kubeProxyVersion: toKubeProxyVersion }),
    ...(toProxyConfig === undefined ? {} : { proxyConfig: toProxyConfig }),
  };
}

/** From the state of the cluster to that of a path: the cluster's own objects get no overlay. */
async function readFromLive(path: string, request: SideRequest, effects: Effects): Promise<SideSources> {
  const { overlay: _, live: __, running, ...plain } = request;
  const before = await readLaid({ ...plain, running }, { filenames: [], overlays: [], gone: undefined }, effects);
  const known = { held: before.held };
  const head = await readOne(path, headRequest({ ...plain, overlay: request.overlay ?? [] }), known, effects);
  return { base: { kind: "state", name: nameOfLive(running), state: before }, head };
}

function nameOfLive(running: SideRequest["running"]): string {
  return livePrefix + (running?.context ?? "");
}

/** The data of BASE that HEAD is read with. */
interface KnownOfBase {
  readonly gone?: ReadonlySet<string> | undefined;
  /** A simulated HEAD gives the same addresses to the same names. */
  readonly held?: Allocations | undefined;
}

async function readOne(path: string, request: SideRequest, known: KnownOfBase, effects: Effects): Promise<SideSource> {
  const { filename = [], overlay = [], recursive = false } = request;
  if (path.startsWith(livePrefix)) return readLiveSide(path, request, effects);
  const content = await readSide(path, recursive, effects);
  switch (content.kind) {
    case "hosts":
      if (filename.length > 0 || request.running !== undefined || overlay.length > 0) {
        throw usage(`${path} contains rules, not manifests: it cannot be combined with -f, --live or --overlay`);
      }
      return { ...content, name: path };
    case "empty": {
      if (filename.length === 0 && request.running === undefined) return { ...content, name: path };
      effects.onNotice({ kind: "note", text: content.reason });
      return {
        kind: "state",
        name: path,
        state: await readLaid(request, { filenames: filename, overlays: overlay, ...known }, effects),
      };
    }
    case "manifests": {
      const isAlone = filename.length === 0 && request.running === undefined;
      const files = isAlone ? [[path], overlay] : [filename, [path, ...overlay]];
      const [filenames = [], overlays = []] = files;
      return { kind: "state", name: path, state: await readLaid(request, { filenames, overlays, ...known }, effects) };
    }
  }
}

interface Laid extends KnownOfBase {
  readonly filenames: readonly string[];
  readonly overlays: readonly string[];
}

/** With -f, a side is an overlay on that state: manifests in a repository lack the fields that a cluster fills in. */
async function readLaid(
  request: SideRequest,
  { filenames, overlays, gone, held }: Laid,
  { sources }: Effects,
): Promise<State> {
  const { recursive = false, proxyConfig, cniConfig } = request;
  const sink = createSink();
  const given = request.running?.documents;
  const inputs = await sources.readInputs({ given, filenames, overlays, recursive, proxyConfig, cniConfig }, sink);
  return completeState({ ...inputs, gone }, { request, held }, sink);
}

/** The objects that BASE lays over the shared state: if HEAD has no such object, it was deleted. */
function namesLaid(source: SideSource): ReadonlySet<string> | undefined {
  if (source.kind !== "state") return undefined;
  const { documents, overlaysFrom, valueCount } = source.state.inputs;
  if (overlaysFrom === undefined) return undefined;
  return objectNames(documents.slice(overlaysFrom, valueCount).map(({ value }) => value));
}

/** The files are read once; both sides share their content. */
async function readOneState(request: SideRequest, effects: Effects): Promise<SideSources> {
  const { base, recursive = false, proxyConfig, cniConfig, overlay: overlays = [], running } = request;
  if (base !== undefined && (await readSide(base, recursive, effects)).kind === "hosts") {
    throw usage(`${base} contains rules: pass HEAD to compare them with`);
  }
  const filenames = [...(request.filename ?? []), ...(base === undefined ? [] : [base])];
  const sink = createSink();
  const given = running?.documents;
  const asked = { given, filenames, recursive, proxyConfig, cniConfig, overlays };
  const inputs = await effects.sources.readInputs(asked, sink);
  if (hasErrors(sink.diagnostics))
    throw unreadable({ diagnostics: sink.diagnostics, documents: inputs.documents }, effects);
  const other = await readConfiguration(request, effects);
  const name = running === undefined ? filenames.join(" + ") : nameOfLive(running);
  const before = await completeState(withoutOverlays(inputs), { request }, createSink());
  const after = await completeState(
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

async function readConfiguration(request: SideRequest, effects: Effects): Promise<Inputs | undefined> {
  const { toProxyConfig: proxyConfig } = request;
  if (proxyConfig === undefined) return undefined;
  const sink = createSink();
  const asked = { filenames: [], recursive: false, proxyConfig, overlays: [] };
  const inputs = await effects.sources.readInputs(asked, sink);
  if (hasErrors(sink.diagnostics))
    throw unreadable({ diagnostics: sink.diagnostics, documents: inputs.documents }, effects);
  return inputs;
}

/** The state of inputs, simulated where the request asks for it. */
async function completeState(
  inputs: Inputs,
  { request, held: known }: { readonly request: SideRequest; readonly held?: Allocations | undefined },
  sink: Sink,
): Promise<State> {
  const { inputs: completed, held } = await completeInputs(inputs, { request, held: known }, sink);
  const withoutPods = request.running?.podsForbidden !== undefined;
  return { ...stateOf(completed, readingOptions(request), sink), held, withoutPods, given: inputs };
}

/**
 * Bare manifests that are compared with the state of a cluster are completed from that state: its Nodes, and for Services
 * that it has, their addresses and endpoints.
 */
async function completedFrom(other: SideSource, source: SideSource, request: SideRequest): Promise<SideSource> {
  if (source.kind !== "state" || other.kind !== "state" || other.state.inputs.isAssumed === true) return source;
  const { given, inputs } = source.state;
  if (given === undefined || inputs.isAssumed !== true || hasErrors(other.state.sink.diagnostics)) return source;
  const { givenAllocations, objectsFor } = await import("../../simulate/given-allocations.ts");
  const [own, others] = [valuesOf(given), valuesOf(other.state.inputs)];
  const borrowed = objectsFor(own, others).map((value): SourceDocument => {
    return { value, source: { name: other.name, text: "" }, form: { kind: "none" } };
  });
  const documents = [...given.documents.slice(0, given.valueCount), ...borrowed];
  const completed = { ...given, documents, valueCount: documents.length };
  const simulated = { ...request, simulate: true };
  const state = await completeState(completed, { request: simulated, held: givenAllocations(others) }, createSink());
  return { ...source, state };
}

function heldBy(source: SideSource): Allocations | undefined {
  return source.kind === "state" ? source.state.held : undefined;
}

function unreadable(group: DiagnosticGroup, { onNotice }: Effects): Failure {
  onNotice({ kind: "diagnostics", groups: [group] });
  return new Failure(`${summarizeDiagnostics(group.diagnostics)}; nothing was compared`, "invalid-input");
}

function usage(message: string): Failure {
  return new Failure(message, "usage");
}

/** The same without the overlays. */
function withoutOverlays({ documents, proxyConfigDocument, overlaysFrom, valueCount }: Inputs): Inputs {
  const count = overlaysFrom ?? valueCount;
  return {
    documents: documents.slice(0, count),
    valueCount: count,
    proxyConfigDocument,
    overlaysFrom: undefined,
  };
}

/** The same with the configuration of other Inputs. */
function withConfiguration(inputs: Inputs, other: Inputs): Inputs {
  const { documents, proxyConfigDocument, valueCount } = inputs;
  const end = inputs.overlaysFrom ?? valueCount;
  const below = documents.slice(0, end).filter((_, number) => number !== proxyConfigDocument);
  const configuration = other.documents.slice(0, other.valueCount).slice(0, 1);
  const above = documents.slice(end, valueCount);
  const overlaysFrom = below.length + configuration.length;
  return {
    documents: [...below, ...configuration, ...above],
    valueCount: overlaysFrom + above.length,
    proxyConfigDocument: below.length,
    overlaysFrom: inputs.overlaysFrom === undefined ? undefined : overlaysFrom,
  };
}

import { type Baseline, parseBaseline } from "../check/baseline.ts";
import { createFindingOwners, servicesInObjects } from "../check/finding-owners.ts";
import { checkCluster } from "../check/state/check-state.ts";
import { checkAnnotations } from "../check/suppress.ts";
import { checkHosts, readHosts } from "../check/text/check-host.ts";
import type { CompileOptions } from "../compile/compile.ts";
import type { Code } from "../diagnostics/catalog.ts";
import { createSink, type Diagnostic, type Sink } from "../diagnostics/diagnostic.ts";
import { countHidden, type Narrowed, type Narrowing, narrowItems } from "../filter/narrowing.ts";
import type { Actual } from "../host/files/read-actual.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { printDocument } from "../reconcile/live/collected-document.ts";
import { type CheckReport, createReport, type FailOn } from "../report/findings/report.ts";
import { type DiagnosticGroup, type Effects, Failure } from "./effects.ts";
import { filterOf, narrowingOf } from "./narrowing.ts";
import { readHost, thisHost } from "./read-host.ts";
import { completeInputs, readRequestedInputs, valuesOf } from "./read-state.ts";
import { hasState, type NarrowRequest, readingOptions, requestedFamilies, type StateRequest } from "./requests.ts";

export interface CheckRequest extends StateRequest, NarrowRequest {
  /** Files and folders with dumps of hosts. */
  readonly actual?: readonly string[];
  readonly failOn: FailOn;
  readonly suppress?: readonly Code[];
  /** A file with known findings to leave out. */
  readonly baseline?: string;
}

export type CheckResult =
  | { readonly kind: "checked"; readonly report: CheckReport }
  /** Fatal: if the input cannot be read, there is little else to check. */
  | ({ readonly kind: "unreadable" } & DiagnosticGroup);

/** Finds mistakes in cluster state, in what hosts have, or in both. */
export async function runChecks(request: CheckRequest, effects: Effects): Promise<CheckResult> {
  if (!hasState(request) && request.actual === undefined) {
    throw new Failure(
      "nothing to check: pass -f or --live for cluster state, --actual for the rules of a host",
      "usage",
    );
  }
  const baseline = request.baseline === undefined ? new Map() : readBaseline(request.baseline, effects);
  const checked = await checkAll(request, effects);
  const { documents, subject } = checked;
  const unreadable = checked.diagnostics.filter(({ code }) => unreadableCodes.has(code));
  if (unreadable.length > 0) return { kind: "unreadable", diagnostics: unreadable, documents };
  const { shown, hidden, narrowing, ownersOf } = narrowFindings(checked, request, effects);
  const filter = { suppress: request.suppress ?? [], baseline };
  const filtered = createReport(shown, documents, filter);
  const others = createReport(hidden, documents, filter).findings.map(({ diagnostic }) => diagnostic);
  const notShown = narrowing && countHidden(others, ownersOf, narrowing);
  return { kind: "checked", report: { ...filtered, notShown, failOn: request.failOn, subject } };
}

interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  readonly documents: readonly SourceDocument[];
  /** Undefined without state, and where it cannot be read. */
  readonly cluster: Cluster | undefined;
  readonly subject: CheckReport["subject"];
}

async function checkAll(request: CheckRequest, effects: Effects): Promise<Checked> {
  const { onProgress, sources } = effects;
  const sink = createSink();
  const { documents, ...state } = await checkState(request, sink, effects);
  onProgress("reading the host's text");
  const asked = request.actual ?? [];
  const read = sources.readActual(
    asked.filter((path) => path !== thisHost),
    documents.length,
    sink,
  );
  const actual = asked.includes(thisHost) ? await withThisHost(read, documents.length, effects) : read;
  for (const { name, files } of actual.groups) {
    onProgress(`checking ${name === "" ? "the host's text" : name}`);
    const hosts = readHosts(name, files, sink);
    const [first] = files;
    if (name !== "" && hosts.length === 0 && first !== undefined && actual.groups.length === 1)
      throw new Failure(`${name} contains no output of iptables, ipset or ipvsadm`, "invalid-input");
    checkHosts(hosts, sink, state.cluster);
  }
  if (request.actual !== undefined && actual.documents.length === 0)
    throw new Failure(`there is no file in ${request.actual.join(", ")}`, "invalid-input");
  return { diagnostics: sink.diagnostics, documents: [...documents, ...actual.documents], ...state };
}

/** This host, as a document of collect. */
async function withThisHost({ groups, documents }: Actual, first: number, effects: Effects): Promise<Actual> {
  const { document } = await readHost([thisHost], effects);
  const source = { name: "this host", text: printDocument(document) };
  const file = { ...source, document: first + documents.length, isFromFolder: false };
  return {
    groups: [...groups, { name: "", files: [file] }],
    documents: [...documents, { value: undefined, source, form: { kind: "lines" } }],
  };
}

async function checkState(request: CheckRequest, sink: Sink, effects: Effects): Promise<Omit<Checked, "diagnostics">> {
  if (!hasState(request)) return { documents: [], subject: {}, cluster: undefined };
  const { onProgress, onNotice } = effects;
  onProgress("reading the input");
  const read = await readRequestedInputs(request, { sink, need: "pods" }, effects);
  if (sink.diagnostics.length > 0) return { documents: read.documents, subject: {}, cluster: undefined };
  const { inputs } = await completeInputs(read, { request }, sink);
  const { family, node } = request;
  const options: CompileOptions = { ...readingOptions(request), families: requestedFamilies(family) };
  const { proxyConfigDocument, overlaysFrom, recomputed, isAssumed } = inputs;
  const documents = valuesOf(inputs);
  onProgress("checking the cluster");
  const { notes, cluster, ...subject } = checkCluster(
    { documents, roles: { proxyConfigDocument, overlaysFrom, recomputed, isAssumed }, options, node },
    sink,
  );
  checkAnnotations(documents, sink);
  onNotice({ kind: "diagnostics", groups: [{ diagnostics: notes, documents: inputs.documents }] });
  return { documents: inputs.documents, subject, cluster };
}

/** Inputs that cannot be read or do not exist. */
const unreadableCodes: ReadonlySet<Code> = new Set<Code>([
  "input-unreadable",
  "input-empty",
  "input-not-text",
  "syntax-invalid",
  "document-not-a-mapping",
  "document-without-kind",
  "node-unknown",
  "dump-unreadable",
  "dump-unrecognised",
  "dump-line-broken",
]);

function readBaseline(path: string, { sources }: Effects): Baseline {
  const read = sources.readText(path, { isReplaceable: true });
  if (read.kind === "unreadable") {
    const message = `cannot read the baseline ${path}: ${read.reason}; --write-baseline writes one`;
    throw new Failure(message, "invalid-input");
  }
  const baseline = parseBaseline(read.text);
  if (typeof baseline !== "string") return baseline;
  throw new Failure(`cannot use the baseline ${path}: ${baseline}`, "invalid-input");
}

interface NarrowedFindings extends Narrowed<Diagnostic> {
  readonly narrowing: Narrowing | undefined;
  readonly ownersOf: (finding: Diagnostic) => readonly string[];
}

/** Splits findings by whether they belong to a selected Service. */
function narrowFindings(checked: Checked, request: CheckRequest, effects: Effects): NarrowedFindings {
  const { diagnostics, documents, cluster } = checked;
  if (filterOf(request) === undefined)
    return { shown: diagnostics, hidden: [], narrowing: undefined, ownersOf: () => [] };
  const values = documents.map(({ value }) => value);
  const objects = hasState(request) ? flattenDocuments(values, createSink()) : [];
  const textOf = (document: number): string | undefined => {
    const { form, source } = documents[document] ?? {};
    return form?.kind === "lines" ? source?.text : undefined;
  };
  const known = new Set(cluster?.services.map(({ namespace, name }) => `${namespace}/${name}`));
  const others = servicesInObjects(objects).filter(({ namespace, name }) => !known.has(`${namespace}/${name}`));
  const knowledge = {
    clusters: cluster === undefined ? [] : [cluster],
    others: hasState(request) ? others : undefined,
    lines: () => documents.flatMap((_, document) => textOf(document)?.split("\n") ?? []),
  };
  const narrowing = narrowingOf(request, knowledge, effects);
  const ownersOf = createFindingOwners({ objects, cluster, textOf });
  return { ...narrowItems(diagnostics, ownersOf, narrowing), narrowing, ownersOf };
}

import { createSink, createSubject, hasErrors } from "../diagnostics/diagnostic.ts";
import { documentPlace } from "../diagnostics/place.ts";
import { printableJson } from "../diagnostics/printable.ts";
import type { Inputs } from "../host/files/read-inputs.ts";
import type { Step } from "../ir/artifact.ts";
import type { UdpFlow } from "../languages/conntrack.ts";
import type { PortRange } from "../model/check-clashes.ts";
import { applyOverlay } from "../model/documents/apply-overlay.ts";
import { findJsonProblem } from "../model/documents/json-places.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { isTooDeep } from "../model/documents/text-limits.ts";
import { isRecord } from "../model/fields/fields.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import type { KubeProxyVersion } from "../model/proxy-configuration/kube-proxy-version.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { isRead } from "../model/read-objects.ts";
import type { HostState } from "../reconcile/live/host-state.ts";
import { ownedOnHost } from "../reconcile/live/live-state.ts";
import { serializeState } from "../reconcile/serialize-state.ts";
import type { ServiceChange } from "../reconcile/summarize-changes.ts";
import { checkSchema } from "../report/check-schema.ts";
import { summarizeDiagnostics } from "../report/diagnostics.ts";
import { planSchema } from "../report/schema-plan.ts";
import { makeSnapshot } from "../snapshot/make-snapshot.ts";
import { type CompiledForHost, compileStateForHost, hostOptions } from "./desired.ts";
import { type Effects, Failure } from "./effects.ts";
import { changesOf, type Planned } from "./planned.ts";
import { stateOf, withoutOverridden } from "./read-state.ts";
import { readingOptions, type StateRequest } from "./requests.ts";

/**
 * A saved plan. It contains no instruction: the rules are compiled from its state, and the steps are planned on the
 * host that it is applied to. A plan whose own steps are not these is refused. The file can therefore ask for nothing
 * that `apply -f STATE` could not do.
 */
export interface PlanDocument {
  readonly apiVersion: "portolan/v1alpha1";
  readonly kind: "Plan";
  /** The Portolan that wrote it: another may compile other rules, and does not apply it. */
  readonly version: string;
  readonly node: string;
  readonly mode: string;
  readonly options: PlanOptions;
  readonly state: { readonly apiVersion: "v1"; readonly kind: "List"; readonly items: readonly unknown[] };
  /** A digest of the host state that was read. On any other the plan is stale. */
  readonly fingerprint: string;
  readonly flows: readonly UdpFlow[];
  readonly changes: readonly ServiceChange[];
  readonly steps: readonly Step[];
}

/** The options that decide what is compiled from a state. */
interface PlanOptions {
  readonly node: string | null;
  readonly mode: ProxyMode | null;
  readonly kubeProxyVersion: KubeProxyVersion | null;
  readonly family: NonNullable<StateRequest["family"]> | null;
  readonly serviceNodePortRange: PortRange | null;
}

/** What a plan depends on that only the program knows. */
export type PlanEffects = Pick<Effects, "version" | "sha256">;

/** The document of a plan that shows all its changes. */
export function planDocument(planned: Planned, compiled: CompiledForHost, effects: PlanEffects): PlanDocument {
  const { desired, plan } = planned;
  const { node, mode, kubeProxyVersion, family, serviceNodePortRange: range } = compiled.options;
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "Plan",
    version: effects.version,
    node: desired.node,
    mode: desired.mode,
    options: {
      node: node ?? null,
      mode: mode ?? null,
      kubeProxyVersion: kubeProxyVersion ?? null,
      family: family ?? null,
      serviceNodePortRange: range === undefined ? null : { first: range.first, last: range.last },
    },
    state: { apiVersion: "v1", kind: "List", items: stateItems(compiled.inputs) },
    fingerprint: fingerprintOf(planned, effects),
    flows: plan.changes.flows,
    changes: changesOf(planned),
    steps: plan.steps,
  };
}

/** The text of a plan. Its digest detects accidental edits; whoever edits on purpose can compute it too. */
export function printPlan(plan: PlanDocument, effects: PlanEffects): string {
  return `${printableJson({ ...plan, digest: digestOf(plan, effects) }, 1)}\n`;
}

function digestOf(plan: unknown, { sha256 }: PlanEffects): string {
  return sha256(JSON.stringify(plan));
}

/** The objects that rules are compiled from: overlays applied, one configuration, only the fields that are read. */
function stateItems(inputs: Inputs): readonly unknown[] {
  const silent = createSink();
  const objects = applyOverlay(flattenDocuments(withoutOverridden(inputs), silent), inputs, silent).filter(isRead);
  return makeSnapshot(objects.map(({ apiVersion, kind, value }) => ({ ...value, apiVersion, kind }))).map(
    ({ value }) => value,
  );
}

/** A digest of what the steps of a plan depend on: the host's name, addresses and back ends, and the objects we own there. */
function fingerprintOf({ desired, host, ownership, backends }: Planned, { sha256 }: PlanEffects): string {
  // Link-local addresses appear and disappear with pods: they count where a virtual server is on one.
  const served = [...desired.wanted.servers.keys()].join(" ");
  const isStable = (address: string): boolean => !address.startsWith("fe80:") || served.includes(`[${address}]`);
  const lasting = host.addresses.filter(isStable).sort();
  const owned = ownedOnHost(host, { ...ownership, families: undefined });
  const hasForeignServers = host.servers.length > owned.servers.size;
  const canCount = host.counters !== undefined;
  return sha256(JSON.stringify([host.name, lasting, backends, hasForeignServers, canCount, serializeState(owned)]));
}

/** A plan that was read from a file, with the places of its state. */
export interface SavedPlan {
  readonly path: string;
  readonly plan: PlanDocument;
  readonly source: SourceDocument;
}

/** Reads a saved plan. Throws for anything that this Portolan did not write. */
export function readPlan(path: string, effects: Effects): SavedPlan {
  const refuse = (why: string, kind: Failure["kind"] = "invalid-input"): never => {
    throw new Failure(`cannot apply ${path}: ${why}`, kind);
  };
  const read = effects.sources.readText(path);
  if (read.kind === "unreadable") return refuse(read.reason);
  const source = { name: path, text: read.text };
  const value = parseJson(read.text);
  if (value === undefined || !isRecord(value)) {
    const { offset, message } = value === undefined ? findJsonProblem(read.text, 0) : notAPlan;
    return refuseAt({ value, source, form: { kind: "problem", offset } }, message, effects);
  }
  const document: SourceDocument = { value, source, form: { kind: "json", start: 0 } };
  if (value.kind !== "Plan" || value.apiVersion !== "portolan/v1alpha1")
    return refuse("not a Plan of portolan/v1alpha1 written by plan --out");
  if ("notShown" in value) return refuse("it contains only a part of a plan: create it without -n, -l and --service");
  if (typeof value.version === "string" && value.version !== effects.version) {
    const why = `it was written by Portolan ${value.version}, and this is ${effects.version}: plan again`;
    return refuse(why, "stale-plan");
  }
  checkShape(path, document, effects);
  const { digest, ...plan } = value;
  // Byte for byte: of a repeated key people may read another value than programs do.
  if (digest !== digestOf(plan, effects) || `${printableJson(value, 1)}\n` !== read.text)
    return refuse("it was edited after plan --out wrote it: create a new plan instead");
  return { path, plan: plan as unknown as PlanDocument, source: document };
}

const notAPlan = { offset: 0, message: "a plan is a JSON object" };
/** No object of Kubernetes comes near it; recursion ends far beyond it. */
const deepest = 99;

/** Undefined for what is not JSON, or is nested so deeply that no plan is. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeep(value, deepest) ? undefined : value;
  } catch {
    return undefined;
  }
}

function checkShape(path: string, document: SourceDocument, { onNotice }: Effects): void {
  const sink = createSink();
  checkSchema(document.value, planSchema, documentPlace(0), sink.reporter(createSubject()));
  const { diagnostics } = sink;
  if (!hasErrors(diagnostics)) return;
  onNotice({ kind: "diagnostics", groups: [{ diagnostics, documents: [document] }] });
  throw new Failure(`cannot apply ${path}: ${summarizeDiagnostics(diagnostics)}`, "invalid-input");
}

function refuseAt(mark: SourceDocument, problem: string, { onNotice }: Effects): never {
  const sink = createSink();
  sink.reporter(createSubject())("syntax-invalid", documentPlace(0), { problem });
  onNotice({ kind: "diagnostics", groups: [{ diagnostics: sink.diagnostics, documents: [mark] }] });
  throw new Failure(`cannot apply ${mark.source.name}: it is not JSON that plan --out wrote`, "invalid-input");
}

/** Compiles the state of a saved plan for the host it is applied to. */
export function compilePlan({ plan, source }: SavedPlan, host: HostState, effects: Effects): CompiledForHost {
  const { options, state } = plan;
  const { node, mode, kubeProxyVersion, family, serviceNodePortRange } = options;
  const request = {
    ...(node === null ? {} : { node }),
    ...(mode === null ? {} : { mode }),
    ...(kubeProxyVersion === null ? {} : { kubeProxyVersion }),
    ...(family === null ? {} : { family }),
    ...(serviceNodePortRange === null ? {} : { serviceNodePortRange }),
  };
  const documents = state.items.map((value, index): SourceDocument => {
    return { value, source: source.source, form: { kind: "part", within: source, path: ["state", "items", index] } };
  });
  const inputs = { documents, valueCount: documents.length, proxyConfigDocument: undefined, overlaysFrom: undefined };
  const sink = createSink();
  const read = stateOf(inputs, { ...readingOptions(request), ...hostOptions(host) }, sink);
  // Its warnings were shown when the plan was made.
  const onNotice: Effects["onNotice"] = (notice) => {
    if (hasErrors(sink.diagnostics)) effects.onNotice(notice);
  };
  const compiled = compileStateForHost(read, request, host, { onNotice });
  return { ...compiled, flows: plan.flows };
}

/** Throws unless a plan is what this Portolan would save for this host now. */
export function checkPlan(
  { path, plan }: SavedPlan,
  planned: Planned,
  compiled: CompiledForHost,
  effects: PlanEffects,
): void {
  const now = planDocument(planned, compiled, effects);
  if (now.fingerprint !== plan.fingerprint) {
    const message = `${path} is stale: this host has changed since it was made, or it is another host; make a new plan`;
    throw new Failure(message, "stale-plan");
  }
  const differing = (Object.keys(now) as (keyof PlanDocument)[]).find(
    (field) => JSON.stringify(now[field]) !== JSON.stringify(plan[field]),
  );
  if (differing === undefined) return;
  const why = `its field ${differing} is not what follows from its state; it was edited: create a new plan instead`;
  throw new Failure(`cannot apply ${path}: ${why}`, "invalid-input");
}

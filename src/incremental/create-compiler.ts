import { createSink, createSubject, type Diagnostic, type Sink, type Subject } from "../diagnostics/diagnostic.ts";
import type { Script, ScriptStep, Step } from "../ir/artifact.ts";
import type { UdpService } from "../languages/conntrack.ts";
import { defaultNodePortRange } from "../model/check-clashes.ts";
import { checkSlices } from "../model/objects/check-slices.ts";
import type { EndpointSlice } from "../model/objects/endpoint-slice.ts";
import type { Service } from "../model/objects/service.ts";
import { defaultKubeProxyVersion } from "../model/proxy-configuration/kube-proxy-version.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { Read } from "../model/read-objects.ts";
import type { ForwardingPlan } from "../plan/forwarding/forwarding-plan.ts";
import {
  advance,
  allUdpServices,
  type CompiledState,
  type CompilerOptions,
  countAll,
  scriptOf,
  wholePlanOf,
} from "./advance.ts";
import { resolveFrame } from "./node-inputs.ts";
import { type ObjectChanges, readChanges, reportRefused } from "./read-changes.ts";
import { type ConflictQueue, createWaiting, resolveConflicts, stopWaiting } from "./resolve-conflicts.ts";
import { applyChanges, type Changes, createStore, isKnown, keyOf, ownerOf, type Store, slicesFor } from "./store.ts";

export interface Update {
  /**
   * The steps from the state before to the state now. For the first update with a script they are the script's steps,
   * for a host without any state.
   */
  readonly steps: readonly (ScriptStep | Step)[];
  /** Diagnostics of the changed objects and of the objects they affect. Documents are numbered over all updates. */
  readonly diagnostics: readonly Diagnostic[];
  /** `part`: only the affected Services were recompiled; `whole`: all were; `none`: there is nothing to compile yet. */
  readonly scope: "part" | "whole" | "none";
  /** The UDP service ports that were recompiled: conntrack entries to other endpoints should be deleted. */
  readonly udpServices: () => readonly UdpService[];
}

/** A compiler that follows a cluster. */
export interface Compiler {
  /** Applies changes. The cost depends on what they affect, unless that is every Service. */
  readonly update: (changes: ObjectChanges) => Update;
  /** The complete current script, as `compile` returns it; undefined before the first one. */
  readonly script: () => Script | undefined;
}

/** A compiler that also returns the forwarding plan of its script. */
export interface PlanningCompiler extends Compiler {
  /** The current forwarding plan; each Service is resolved on demand. */
  readonly plan: () => ForwardingPlan | undefined;
  /** That of its configuration; undefined before the first script. */
  readonly mode: () => ProxyMode | undefined;
}

interface State {
  readonly store: Store;
  readonly waiting: ConflictQueue;
  standing: CompiledState | undefined;
  /** The number of documents passed so far. */
  documents: number;
  /** The only configuration has errors: with the rules of another one, every Service would change. */
  isConfigurationBroken: boolean;
}

/**
 * A compiler that is kept between changes of a cluster. An object with errors is reported and changes nothing: its last
 * good state stays. Pure as `compile` is.
 *
 * @example
 * ```ts
 * import { createCompiler } from "portolan";
 *
 * const compiler = createCompiler({ node: "node1" });
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } };
 * const web = (port) => ({
 *   apiVersion: "v1",
 *   kind: "Service",
 *   metadata: { name: "web" },
 *   spec: { clusterIP: "10.96.0.10", ports: [{ port }] },
 * });
 * console.log(compiler.update({ upsert: [node, web(80)] }).scope); // "whole"
 * const { scope, steps } = compiler.update({ upsert: [web(81)] });
 * console.log(scope, steps.every(({ argv }) => argv[0] === "iptables-restore")); // "part" true
 * ```
 */
export function createCompiler(options: CompilerOptions = {}): Compiler {
  const { update, script } = createPlanningCompiler(options);
  return { update, script };
}

/** The same compiler, with the plan: callers need it to find stale conntrack entries. */
export function createPlanningCompiler(options: CompilerOptions): PlanningCompiler {
  const state: State = {
    store: createStore(),
    waiting: createWaiting(),
    standing: undefined,
    documents: 0,
    isConfigurationBroken: false,
  };
  const given = [options.host, options.proxyConfig].filter((document) => document !== undefined);
  return {
    update: ({ upsert = [], remove = [] }) => {
      const all = state.documents === 0 ? [...upsert, ...given] : upsert;
      return updateState(state, { upsert: all, remove }, options);
    },
    script: () => state.standing && scriptOf(state.store, state.standing.frame),
    plan: () => state.standing && wholePlanOf(state.store, state.standing.frame),
    mode: () => state.standing?.frame.configuration.mode,
  };
}

function updateState(state: State, given: ObjectChanges, options: CompilerOptions): Update {
  const { store, waiting } = state;
  const sink = createSink();
  const { diagnostics } = sink;
  const changes = readAll(state, given, options, sink);
  const { nodePortRange = defaultNodePortRange } = options;
  const clashing = resolveConflicts(changes, { store, waiting, nodePortRange }, sink);
  reportRefused(
    clashing.map(({ subject }) => subject),
    (subject) => isKnown(store, subject),
    sink,
  );
  const backends = options.backends ?? { ipv4: "nft", ipv6: "nft" };
  if (state.standing !== undefined) {
    const request = { store, changes, standing: state.standing, options: { ...options, backends } };
    const { steps, scope, standing, udpServices } = advance(request, sink);
    state.standing = standing;
    reportSlices(store, changes, sink);
    return { steps, diagnostics, scope, udpServices };
  }
  applyChanges(store, changes);
  reportSlices(store, changes, sink);
  const frame = state.isConfigurationBroken ? undefined : resolveFrame(store, options, sink);
  if (frame === undefined) return { steps: [], diagnostics, scope: "none", udpServices: () => [] };
  const script = scriptOf(store, frame, sink.reporter(createSubject()));
  state.standing = countAll(store, frame);
  return { steps: script.steps, diagnostics, scope: "whole", udpServices: allUdpServices(store, frame) };
}

/** Reads the changed objects, and reports which objects with errors keep their last state. */
function readAll(state: State, given: ObjectChanges, options: CompilerOptions, sink: Sink): Changes {
  const { mode, kubeProxyVersion: version = defaultKubeProxyVersion } = options;
  const { changes, refused } = readChanges(given, { mode, version, first: state.documents }, sink);
  state.documents += given.upsert?.length ?? 0;
  if (changes.configurations.size > 0) state.isConfigurationBroken = false;
  else if (refused.some(({ kind }) => kind === "KubeProxyConfiguration")) {
    state.isConfigurationBroken = state.store.configurations.size === 0;
  }
  for (const { kind, ...name } of refused) if (kind === "Service") stopWaiting(state.waiting, keyOf(name));
  reportRefused(refused, (subject: Subject) => isKnown(state.store, subject), sink);
  return changes;
}

/** Warns about changed slices, and slices of changed Services, of which kube-proxy ignores a part. */
function reportSlices(store: Store, changes: Changes, sink: Sink): void {
  const services = new Map<string, Service>();
  const slices = new Set<EndpointSlice>();
  for (const slice of changes.slices.values()) if (slice !== undefined) slices.add(slice);
  for (const key of changes.endpoints.keys()) for (const slice of slicesFor(store, key)) slices.add(slice);
  for (const key of changes.services.keys()) for (const slice of slicesFor(store, key)) slices.add(slice);
  for (const slice of slices) {
    const key = ownerOf(slice);
    const service = key === undefined ? undefined : store.services.get(key);
    if (key !== undefined && service !== undefined) services.set(key, service);
  }
  checkSlices([...services.values()].map(readService), [...slices].map(readSlice), sink);
}

function readService(object: Service): Read<Service> {
  return { object, subject: createSubject("Service", object.namespace, object.name) };
}

function readSlice(object: EndpointSlice): Read<EndpointSlice> {
  return { object, subject: createSubject(object.source, object.namespace, object.name) };
}

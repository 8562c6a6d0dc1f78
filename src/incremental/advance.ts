import type { CompileOptions } from "../compile/compile.ts";
import { createSink, createSubject, type Report, type Sink } from "../diagnostics/diagnostic.ts";
import type { Backend, Script, Step } from "../ir/artifact.ts";
import type { UdpService } from "../languages/conntrack.ts";
import { type Family, families } from "../model/address.ts";
import type { ForwardingPlan } from "../plan/forwarding/forwarding-plan.ts";
import { largeClusterEndpoints, resolvePlan } from "../plan/forwarding/resolve-plan.ts";
import type { ForwardingProgram } from "../programs/program.ts";
import { programFor } from "../programs/registry.ts";
import { ownedInScript, udpServices } from "../reconcile/desired-state.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";
import { planChanges } from "../reconcile/plan-changes.ts";
import { type Fragments, lowerServices } from "./lower-services.ts";
import { concernsFrame, type FrameOptions, type NodeInputs, resolveFrame } from "./node-inputs.ts";
import { planPartOf } from "./plan-delta.ts";
import { createLedgers, type Ledgers } from "./reference-counts.ts";
import { applyChanges, type Changes, claimHostAddresses, clusterOf, type Store, touchedServices } from "./store.ts";

export type Backends = Readonly<Record<Family, Backend>>;

/** The configuration and the Host document may also be passed as changes, which then replace these. */
export interface CompilerOptions extends Omit<CompileOptions, "keepGoing" | "origins"> {
  /** The iptables variant of the host. Steps for nft, the default, are valid for legacy too. */
  readonly backends?: Backends | undefined;
}

/** A state with a script, and the data that the next change needs. */
export interface CompiledState {
  readonly frame: NodeInputs;
  readonly ledgers: Ledgers;
}

export interface Advance {
  readonly steps: readonly Step[];
  readonly scope: "part" | "whole";
  readonly standing: CompiledState;
  /** The UDP service ports that were recompiled, in their current state. */
  readonly udpServices: () => readonly UdpService[];
}

export interface AdvanceRequest {
  readonly store: Store;
  readonly changes: Changes;
  readonly standing: CompiledState;
  readonly options: FrameOptions & { readonly backends: Backends };
}

/**
 * Applies changes to the store and plans the steps for them. Only a change that affects all Services recompiles all.
 */
export function advance(request: AdvanceRequest, sink: Sink): Advance {
  const { store, changes, standing, options } = request;
  const { frame, ledgers } = standing;
  const keys = touchedServices(store, changes);
  const large = new Set([...ledgers].flatMap(([family, { endpoints }]) => (isLarge(endpoints) ? [family] : [])));
  const lower = (plan: ForwardingPlan): Fragments => lowerServices({ plan, program: programOf(frame), large });
  const before = lower(planOf(store, keys, frame, silent));
  const hadFamilies = familiesOf(store);
  const back = applyChanges(store, changes);
  const isConcerned = concernsFrame(changes, store, standing.frame, options) || familiesOf(store) !== hadFamilies;
  const next = (isConcerned ? resolveFrame(store, options, sink) : undefined) ?? frame;
  if (next.key !== frame.key || programOf(next).fragments === undefined)
    return compareAll({ ...request, back, next }, sink);
  const plan = planOf(store, keys, next, partReport(sink));
  const after = lower(plan);
  if (crossesLimit(ledgers, before, after)) return compareAll({ ...request, back, next }, sink);
  const part = { keys, before, after, ledgers, plan, program: programOf(frame), backends: options.backends };
  const steps = planPartOf(part);
  return { steps, scope: "part", standing: { frame: next, ledgers }, udpServices: () => udpServices(plan) };
}

function familiesOf({ byFamily }: Store): string {
  return families.filter((family) => byFamily[family].size > 0).join(" ");
}

function programOf({ configuration }: NodeInputs): ForwardingProgram {
  return programFor(configuration);
}

const silent: Report = () => {};

/** Diagnostics of the node as a whole were reported with the first script. */
function partReport(sink: Sink): Report {
  const report = sink.reporter(createSubject());
  return (code, ...rest) => {
    if (code === "endpoint-conflict" || code === "external-ips-disabled") report(code, ...rest);
  };
}

/** The forwarding plan for these Services. */
function planOf(store: Store, keys: Iterable<string>, frame: NodeInputs, report: Report): ForwardingPlan {
  const { configuration, view, families: wanted } = frame;
  const target = { view, families: wanted, traits: programOf(frame).traits };
  return resolvePlan(clusterOf(store, keys, configuration), target, report);
}

function isLarge(endpoints: number): boolean {
  return endpoints > largeClusterEndpoints;
}

function crossesLimit(ledgers: Ledgers, before: Fragments, after: Fragments): boolean {
  const sum = (fragments: Fragments, family: Family): number =>
    [...(fragments.get(family)?.values() ?? [])].reduce((total, { endpoints }) => total + endpoints, 0);
  return [...ledgers].some(([family, { endpoints }]) => {
    return isLarge(endpoints) !== isLarge(endpoints - sum(before, family) + sum(after, family));
  });
}

/** The forwarding plan for all Services in the store. */
export function wholePlanOf(store: Store, frame: NodeInputs): ForwardingPlan {
  return planOf(store, store.services.keys(), frame, silent);
}

/** The script for all Services in the store. */
export function scriptOf(store: Store, frame: NodeInputs, report: Report = silent): Script {
  const plan = planOf(store, store.services.keys(), frame, report);
  return programOf(frame).lower(plan, { origins: false }, report);
}

/** Counts the references of all Services in the store. */
export function countAll(store: Store, frame: NodeInputs): CompiledState {
  const texts = frame.view.hostAddresses.map(({ text }) => text);
  if (texts.join() !== store.hostAddresses.join()) claimHostAddresses(store, texts);
  const plan = planOf(store, store.services.keys(), frame, silent);
  const fragments = lowerServices({ plan, program: programOf(frame), large: new Set(), countsOnly: true });
  return { frame, ledgers: createLedgers(fragments) };
}

/** The UDP service ports of all Services, in their current state even if called later. */
export function allUdpServices(store: Store, frame: NodeInputs): () => readonly UdpService[] {
  const plan = planOf(store, store.services.keys(), frame, silent);
  return () => udpServices(plan);
}

interface WholeRequest extends AdvanceRequest {
  /** The changes that revert the store. */
  readonly back: Changes;
  readonly next: NodeInputs;
}

function compareAll({ store, changes, standing, options, back, next }: WholeRequest, sink: Sink): Advance {
  applyChanges(store, back);
  const before = scriptOf(store, standing.frame);
  applyChanges(store, changes);
  const whole = createSink();
  const after = scriptOf(store, next, whole.reporter(createSubject()));
  sink.diagnostics.push(...whole.diagnostics);
  const context = { backends: options.backends, flows: [] };
  const { steps } = planChanges(ownedInScript(after), withTimeouts(ownedInScript(before)), context);
  return { steps, scope: "whole", standing: countAll(store, next), udpServices: allUdpServices(store, next) };
}

/** A host in ipvs mode always has timeouts, no matter how they were set. */
function withTimeouts(found: OwnedState): OwnedState {
  return found.addresses === undefined ? found : { ...found, timeouts: found.timeouts ?? "unknown" };
}

import type { Host } from "../host/run-step.ts";
import { type Step, toolNames } from "../ir/artifact.ts";
import { staleConntrackEntries, type UdpFlow, type UdpService } from "../languages/conntrack.ts";
import { families } from "../model/address.ts";
import type { HostState } from "../reconcile/live/host-state.ts";
import { type Ownership, ownedOnHost } from "../reconcile/live/live-state.ts";
import { describeProblem, readHostDocument } from "../reconcile/live/read-host-document.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";
import { type PlanContext, planChanges } from "../reconcile/plan-changes.ts";
import { collectDump } from "./read-host.ts";

/** The state to reach, the state before, the steps, and what is owned on the host. */
export interface Application {
  readonly wanted: OwnedState;
  /** The state when the steps were planned: a rollback restores it. */
  readonly before: OwnedState;
  readonly steps: readonly Step[];
  readonly ownership: Ownership;
  readonly backends: PlanContext["backends"];
  /** Their UDP flows are checked again once the rules are in place. */
  readonly udpServices: readonly UdpService[];
}

export interface ApplyContext {
  readonly host: Host;
  readonly onProgress: (what: string) => void;
  /** Called between steps: the reason to stop, or undefined. */
  readonly interrupted: () => string | undefined;
  /** Aborts when there is a reason to stop: a tool that is running then ends soon, or is ended. */
  readonly interrupt?: AbortSignal | undefined;
}

export type ApplyOutcome =
  | { readonly kind: "applied" }
  | { readonly kind: "rolled-back"; readonly failure: StepFailure }
  | { readonly kind: "broken"; readonly failure: StepFailure; readonly rollbackFailure: string };

export interface StepFailure {
  /** Undefined when all steps ran but the host does not match the desired state, or when the run was interrupted. */
  readonly step: Step | undefined;
  readonly message: string;
  readonly isInterrupt: boolean;
}

/** Runs the steps, reads the host again and compares. Any failure rolls the host back. */
export async function applyChanges(application: Application, context: ApplyContext): Promise<ApplyOutcome> {
  const failure =
    (await runSteps(application.steps, context)) ?? (await readBack(application, context)) ?? interruption(context);
  if (failure === undefined) return { kind: "applied" };
  const rollbackFailure = await rollBack(application, context);
  return rollbackFailure === undefined
    ? { kind: "rolled-back", failure }
    : { kind: "broken", failure, rollbackFailure };
}

function interruption({ interrupted }: ApplyContext): StepFailure | undefined {
  const reason = interrupted();
  return reason === undefined ? undefined : { step: undefined, message: reason, isInterrupt: true };
}

async function runSteps(steps: readonly Step[], context: ApplyContext): Promise<StepFailure | undefined> {
  for (const [index, step] of steps.entries()) {
    const stop = interruption(context);
    if (stop !== undefined) return stop;
    context.onProgress(`step ${index + 1} of ${steps.length}: ${step.purpose}`);
    const { failure } = await context.host.run(step.argv, step.stdin, context.interrupt);
    if (failure !== undefined && step.mayFail !== true)
      return interruption(context) ?? { step, message: failure, isInterrupt: false };
  }
  return undefined;
}

async function readBack(application: Application, context: ApplyContext): Promise<StepFailure | undefined> {
  const { wanted, backends, udpServices } = application;
  const host = await readHost(application, context);
  if (host.kind === "unread")
    return interruption(context) ?? { step: undefined, message: host.message, isInterrupt: false };
  const { owned, flows } = host;
  const stranded = staleConntrackEntries(flows, udpServices);
  const { steps } = planChanges(wanted, owned, { backends, flows: stranded });
  const [left] = steps.filter(({ mayFail }) => mayFail !== true);
  if (left !== undefined) {
    const message = `all steps ran, but the host does not match: still to do: "${left.purpose}"`;
    return { step: undefined, message, isInterrupt: false };
  }
  return runSteps(steps, context);
}

/**
 * Rolls the host back to `before`. The current state is read from the host, not assumed. Returns why the rollback
 * failed, or undefined.
 */
export async function rollBack(
  { before, backends, ownership }: Pick<Application, "before" | "backends" | "ownership">,
  context: ApplyContext,
): Promise<string | undefined> {
  const calm = { ...context, interrupted: () => undefined, interrupt: undefined };
  const plan = async () => {
    const host = await readHost({ before, ownership }, calm);
    return host.kind === "unread" ? host.message : planChanges(before, host.owned, { backends, flows: [] }).steps;
  };
  calm.onProgress("rolling back the host");
  const steps = await plan();
  if (typeof steps === "string") return steps;
  const failure = await runSteps(steps, calm);
  if (failure !== undefined) return `${failure.step?.argv.join(" ") ?? "a step"}: ${failure.message}`;
  const left = await plan();
  if (typeof left === "string") return left;
  return left[0] === undefined ? undefined : `the host does not match its backup: still to do: "${left[0].purpose}"`;
}

type ReadHost =
  | { readonly kind: "read"; readonly owned: OwnedState; readonly flows: readonly UdpFlow[] }
  /** The state could not be read. This is not the same as an empty state. */
  | { readonly kind: "unread"; readonly message: string };

async function readHost(
  { before, ownership }: Pick<Application, "before" | "ownership">,
  { host, onProgress, interrupt }: ApplyContext,
): Promise<ReadHost> {
  const document = await collectDump(host, onProgress, interrupt);
  const { state, problems } = readHostDocument(document);
  const [why] = [...problems.map(describeProblem), ...tablesLost(before, state)];
  if (why !== undefined) return { kind: "unread", message: `the host cannot be read again: ${why}` };
  return { kind: "read", owned: ownedOnHost(state, ownership), flows: state.flows };
}

/** No step removes a table: a tool that stops to print one has left it out. */
function tablesLost(before: OwnedState, { rules }: HostState): readonly string[] {
  return families.flatMap((family) =>
    [...(before.rules[family]?.tables.keys() ?? [])]
      .filter((table) => rules[family]?.tables.has(table) !== true)
      .map((table) => `${toolNames[family]}-save no longer prints table ${table}`),
  );
}

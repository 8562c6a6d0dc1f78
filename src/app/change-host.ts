import type { HostDocument, Step } from "../ir/artifact.ts";
import type { HostState } from "../reconcile/live/host-state.ts";
import { type FailingLine, failingLine } from "../reconcile/live/probe.ts";
import { applyChanges, rollBack, type StepFailure } from "./apply-changes.ts";
import { type Effects, Failure, type Machine } from "./effects.ts";
import { applicationOf, type Planned } from "./planned.ts";
import { readHost, refuseOtherRules, refuseUnreadableHost } from "./read-host.ts";

/** How this host is changed. */
export interface ChangeRequest {
  readonly backupDir: string;
  readonly replaceKubeProxy?: boolean;
  /** In milliseconds. */
  readonly confirmWithin?: number;
  readonly dryRun?: boolean;
}

/** Callbacks for the caller of a change: it is informed while the change runs, and can stop it. */
export interface ChangeControl {
  readonly onPlanned: (planned: Planned) => void;
  readonly onBackup: (path: string) => void;
  /** From now on an interrupt rolls the host back. */
  readonly catchInterrupts: () => Interruption;
  /** Whether the user confirms in time. New rules may have cut the user's connection: no answer means no. */
  readonly confirm: (milliseconds: number, interruption: Interruption) => Promise<boolean>;
}

export interface Interruption {
  /** The reason to stop, once a signal was received. */
  readonly reason: () => string | undefined;
  /** Aborts at the first of them. */
  readonly signal: AbortSignal;
  readonly end: () => void;
}

export type ChangeResult =
  /** The host matches the desired state, or the request was a dry run. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "applied"; readonly steps: readonly Step[] }
  | {
      /** `broken`: the host has neither its previous nor the desired state. */
      readonly kind: "rolled-back" | "broken";
      readonly failure: StepFailure;
      readonly rollbackFailure: string | undefined;
      /** The line that a tool refused, if the tool reports its number. */
      readonly line: FailingLine | undefined;
    };

/** How to plan the change of this host from its live state. Throws to refuse. */
export type PlanChange = (host: HostState) => Promise<Planned>;

/** Brings this host to the desired state: check, back up, run, read back, and roll back if anything fails. */
export async function changeHost(
  plan: PlanChange,
  request: ChangeRequest,
  control: ChangeControl,
  effects: Effects,
): Promise<ChangeResult> {
  const machine = await effects.machine();
  refuseUnreadableHost(machine);
  const isDryRun = request.dryRun === true;
  const release = isDryRun ? () => {} : await lockHost(machine);
  try {
    const refusal = kubeProxyRefusal(request, machine);
    if (refusal !== undefined) throw new Failure(refusal, "environment");
    const { document, state, otherRules } = await readHost(undefined, effects, { isForChange: !isDryRun });
    refuseOtherRules({ otherRules }, effects);
    const planned = await plan(state);
    control.onPlanned(planned);
    if (planned.plan.steps.length === 0) return { kind: "unchanged" };
    await refuseUnfit(planned, machine);
    return isDryRun ? { kind: "unchanged" } : await run({ planned, document, machine }, request, control, effects);
  } finally {
    release();
  }
}

async function lockHost({ holdApplyLock }: Machine): Promise<() => void> {
  const lock = await holdApplyLock();
  if (typeof lock !== "string") return lock;
  throw new Failure(`${lock}; nothing was changed`, "environment");
}

/** Why nothing may be changed while a kube-proxy runs here. `ports`: ports that this process itself listens on. */
export function kubeProxyRefusal(
  { replaceKubeProxy }: Pick<ChangeRequest, "replaceKubeProxy">,
  { kubeProxyHere }: Machine,
  ports: ReadonlySet<number> = new Set(),
): string | undefined {
  const sign = replaceKubeProxy === true ? undefined : kubeProxyHere(ports);
  return sign && `kube-proxy runs here (${sign}) and would undo the changes; stop it, or pass --replace-kube-proxy`;
}

async function refuseUnfit({ plan }: Planned, { preflight }: Machine): Promise<void> {
  const reasons = await preflight(plan.steps);
  if (reasons.length === 0) return;
  const list = reasons.map((reason) => `\n  ${reason}`).join("");
  throw new Failure(`this host does not meet the requirements of the plan; nothing was changed:${list}`, "environment");
}

async function run(
  {
    planned,
    document,
    machine,
  }: { readonly planned: Planned; readonly document: HostDocument; readonly machine: Machine },
  { backupDir, confirmWithin }: ChangeRequest,
  { onBackup, catchInterrupts, confirm }: ChangeControl,
  { onProgress }: Effects,
): Promise<ChangeResult> {
  const interruption = catchInterrupts();
  try {
    const backup = machine.writeBackup(backupDir, document);
    if (backup.kind === "failed") throw new Failure(`${backup.message}; nothing was changed`, "environment");
    onBackup(backup.path);
    const application = applicationOf(planned);
    const context = {
      host: machine.host,
      onProgress,
      interrupted: interruption.reason,
      interrupt: interruption.signal,
    };
    const outcome = await applyChanges(application, context);
    if (outcome.kind !== "applied") return failed(outcome, planned);
    if (confirmWithin === undefined || (await confirm(confirmWithin, interruption)))
      return { kind: "applied", steps: planned.plan.steps };
    const isInterrupt = interruption.reason() !== undefined;
    const failure: StepFailure = { step: undefined, message: "not confirmed", isInterrupt };
    const rollbackFailure = await rollBack(application, context);
    const kind = rollbackFailure === undefined ? ("rolled-back" as const) : ("broken" as const);
    return failed({ kind, failure, rollbackFailure }, planned);
  } finally {
    interruption.end();
  }
}

function failed(
  outcome: {
    readonly kind: "rolled-back" | "broken";
    readonly failure: StepFailure;
    readonly rollbackFailure?: string | undefined;
  },
  { desired, ofChain }: Planned,
): ChangeResult {
  const { kind, failure, rollbackFailure } = outcome;
  const { step, message } = failure;
  const line = step && failingLine(step, message, ofChain, desired.ofLine);
  return { kind, failure, rollbackFailure, line };
}

import { isDrifted } from "../../check/verify.ts";
import type { Host } from "../../host/run-step.ts";
import type { HostDocument, Step } from "../../ir/artifact.ts";
import { deleteFlow, parseFlows, staleConntrackEntries, type UdpService } from "../../languages/conntrack.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import { describeProblem, isUnread, readHostDocument } from "../../reconcile/live/read-host-document.ts";
import { applyChanges } from "../apply-changes.ts";
import type { Desired } from "../desired.ts";
import { applicationOf, type Planned, planFor } from "../planned.ts";
import { collectDump } from "../read-host.ts";

/** A host that is kept in sync with a cluster. */
export interface SyncedHost {
  readonly host: Host;
  /** Call the result to release the lock; a text is the reason why it cannot be taken. */
  readonly lock: () => Promise<(() => void) | string>;
  /** The reason why nothing may be changed now, or undefined. */
  readonly refusal: () => string | undefined;
  readonly preflight: (steps: readonly Step[]) => Promise<readonly string[]>;
  /** Saves the state before the first change; throws if it cannot. */
  readonly keepBackup: (document: HostDocument) => void;
  /** The reason to stop, once a stop was requested. */
  readonly interrupted: () => string | undefined;
  /** Aborts when a stop is requested. */
  readonly interrupt?: AbortSignal;
}

export type SyncResult =
  | { readonly kind: "synced"; readonly steps: readonly Step[]; readonly planned: Planned | undefined }
  /** There is no desired state yet. */
  | { readonly kind: "waiting" }
  | { readonly kind: "failed"; readonly message: string; readonly step: Step | undefined };

/** Reads a host. A string result is the reason why it cannot be read. */
export async function readHostState(
  host: Host,
  interrupt?: AbortSignal,
): Promise<{ readonly document: HostDocument; readonly state: HostState } | string> {
  const document = await collectDump(host, () => {}, interrupt);
  const { state, problems, otherRules } = readHostDocument(document);
  const [problem] = [...problems, ...otherRules.filter((one) => !isUnread(one))];
  return problem === undefined ? { document, state } : `cannot read this host: ${describeProblem(problem)}`;
}

/** The desired state for a host in its live state; undefined while it cannot be determined. */
export type Desire = (host: HostState) => Desired | undefined;

const waiting: SyncResult = { kind: "waiting" };

/** Reports how the host differs from its desired state. Writes nothing. */
export async function verifyHost(desire: Desire, host: Host): Promise<SyncResult> {
  const read = await readHostState(host);
  if (typeof read === "string") return failed(read);
  const desired = desire(read.state);
  if (desired === undefined) return waiting;
  const planned = planFor(desired, read.state);
  const { changes, steps } = planned.plan;
  return { kind: "synced", steps: isDrifted(changes) ? steps : [], planned };
}

/** Reads the host, plans against its live state, and applies the plan. Any failure rolls the host back. */
export async function applyWhole(desire: Desire, synced: SyncedHost): Promise<SyncResult> {
  return underLock(synced, async () => {
    const read = await readHostState(synced.host, synced.interrupt);
    if (typeof read === "string") return failed(read);
    const desired = desire(read.state);
    if (desired === undefined) return waiting;
    const planned = planFor(desired, read.state);
    const { steps } = planned.plan;
    if (steps.length === 0) return { kind: "synced", steps, planned };
    const [reason] = await synced.preflight(steps);
    if (reason !== undefined) return failed(`this host does not meet the requirements of the plan: ${reason}`);
    synced.keepBackup(read.document);
    const { host, interrupted, interrupt } = synced;
    const context = { host, onProgress: () => {}, interrupted, interrupt };
    const outcome = await applyChanges(applicationOf(planned), context);
    if (outcome.kind === "applied") return { kind: "synced", steps, planned };
    const { step, message } = outcome.failure;
    const after = outcome.kind === "broken" ? `; the rollback failed: ${outcome.rollbackFailure}` : "";
    return { kind: "failed", step, message: `${message}${after}` };
  });
}

/**
 * Runs steps that continue from the last sync. They are not interrupted or rolled back: each prefix of them is safe.
 */
export async function applyPart(
  steps: readonly Step[],
  services: () => readonly UdpService[],
  synced: SyncedHost,
): Promise<SyncResult> {
  return underLock(synced, async () => {
    for (const step of steps) {
      const { failure } = await synced.host.run(step.argv, step.stdin, synced.interrupt);
      if (failure !== undefined && step.mayFail !== true) return { kind: "failed", step, message: failure };
    }
    await dropStrandedFlows(services(), synced.host);
    return { kind: "synced", steps, planned: undefined };
  });
}

function failed(message: string): SyncResult {
  return { kind: "failed", message, step: undefined };
}

async function underLock(synced: SyncedHost, act: () => Promise<SyncResult>): Promise<SyncResult> {
  const refusal = synced.refusal();
  if (refusal !== undefined) return failed(refusal);
  const lock = await synced.lock();
  if (typeof lock === "string") return failed(lock);
  try {
    return await act();
  } finally {
    lock();
  }
}

/** UDP flows to a removed endpoint are lost until their conntrack entries are deleted. */
async function dropStrandedFlows(services: readonly UdpService[], { run }: Host): Promise<void> {
  if (services.length === 0) return;
  for (const family of ["ipv4", "ipv6"]) {
    const { stdout, failure } = await run(["conntrack", "-L", "-p", "udp", "-f", family], "");
    if (failure !== undefined) continue;
    for (const flow of staleConntrackEntries(parseFlows(stdout), services)) await run(deleteFlow(flow), "");
  }
}

import { type HostDocument, textsUnder } from "../ir/artifact.ts";
import { ruleHeadings } from "../languages/registry.ts";
import { families } from "../model/address.ts";
import { checkBackup } from "../reconcile/live/check-backup.ts";
import { collectedDocument } from "../reconcile/live/collected-document.ts";
import { type HostProblem, parseHostState } from "../reconcile/live/host-state.ts";
import { ownedOnHost } from "../reconcile/live/live-state.ts";
import { nothingOwned } from "../reconcile/owned-state.ts";
import { isOnlyOurs } from "../reconcile/plan-kernel.ts";
import {
  type ChangeControl,
  type ChangeRequest,
  type ChangeResult,
  changeHost,
  type PlanChange,
} from "./change-host.ts";
import { compileForHost, type Desired, type HostStateRequest } from "./desired.ts";
import { type Effects, Failure } from "./effects.ts";
import { type Planned, planFor } from "./planned.ts";
import { readBackup } from "./read-host.ts";
import { hasState } from "./requests.ts";
import { checkPlan, compilePlan, readPlan } from "./saved-plan.ts";

export interface ApplyRequest extends HostStateRequest, Omit<ChangeRequest, "dryRun"> {
  /** A saved plan. */
  readonly plan?: string | undefined;
  /** A backup. */
  readonly restore?: string;
  /** `client`: print what a host without any state would get; `host`: check this host and change nothing. */
  readonly dryRun?: "client" | "host";
}

/** Programs this host from cluster state, a saved plan or a backup. */
export async function applyState(
  request: ApplyRequest,
  control: ChangeControl,
  effects: Effects,
): Promise<ChangeResult> {
  refuseAmbiguous(request);
  const { plan, restore, dryRun } = request;
  if (plan === undefined && restore === undefined && dryRun === "client") {
    control.onPlanned(await planForNewHost(request, effects));
    return { kind: "unchanged" };
  }
  return changeHost(changeOf(request, effects), { ...request, dryRun: dryRun !== undefined }, control, effects);
}

/** Removes all rules of kube-proxy from this host. */
export async function cleanUpHost(
  request: ChangeRequest,
  control: ChangeControl,
  effects: Effects,
): Promise<ChangeResult> {
  const nothing = { wanted: nothingOwned, udpServices: [], excluded: [], ofLine: () => undefined };
  const plan: PlanChange = async (host) => planFor({ node: host.name, mode: "cleanup", ...nothing }, host);
  return changeHost(plan, request, control, effects);
}

function refuseAmbiguous(request: ApplyRequest): void {
  const { plan, restore, dryRun, confirmWithin, filename } = request;
  const given = [plan !== undefined, hasState(request), restore !== undefined].filter((isGiven) => isGiven);
  if (given.length !== 1) {
    const message = "pass exactly one of -f STATE or --live, a saved plan, or --restore BACKUP";
    throw new Failure(message, "usage");
  }
  if (confirmWithin !== undefined && filename?.includes("-")) {
    throw new Failure("--confirm-within and -f - cannot both read standard input", "usage");
  }
  if (dryRun === "client" && !hasState(request)) {
    throw new Failure("--dry-run=client needs -f STATE; pass --dry-run=host instead", "usage");
  }
}

function changeOf(request: ApplyRequest, effects: Effects): PlanChange {
  const { plan, restore } = request;
  if (plan !== undefined) return changeOfPlan(plan, effects);
  if (restore !== undefined) return async (host) => planFor(desiredOfBackup(restore, effects), host);
  return async (host) => planFor(await compileForHost(request, host, effects), host);
}

function changeOfPlan(path: string, effects: Effects): PlanChange {
  const saved = readPlan(path, effects);
  return async (host) => {
    const compiled = compilePlan(saved, host, effects);
    const planned = planFor(compiled, host);
    checkPlan(saved, planned, compiled, effects);
    return planned;
  };
}

function desiredOfBackup(path: string, effects: Effects): Desired {
  const { document, state } = readBackup(path, effects);
  refuseEdited(path, document, checkBackup(document, state));
  const owned = ownedOnHost(state, { desiredServers: new Set<string>(), excluded: [] });
  const sysctls = new Map([...owned.sysctls].filter(([name]) => isOnlyOurs(name)));
  const wanted = { ...owned, sysctls };
  // If the text of a tool is missing, the backup does not say that its family had no rules: skip that family.
  const known = families.filter((family) => state.rules[family] !== undefined);
  const others = { udpServices: [], excluded: [], ofLine: () => undefined, families: known };
  return { node: state.name, mode: "backup", wanted, ...others };
}

function refuseEdited(path: string, document: HostDocument, [problem, ...more]: readonly HostProblem[]): void {
  if (problem === undefined) return;
  const { heading, line = 1, message, code } = problem;
  const { firstLine = 1 } = textsUnder(document, heading)[0] ?? {};
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  throw new Failure(`cannot restore ${path}:${firstLine + line - 1}: ${message}${others}`, "invalid-input", code);
}

/** Prints what a host without any state would get; does not read this host. */
async function planForNewHost(request: HostStateRequest, effects: Effects): Promise<Planned> {
  const texts = Object.fromEntries([...ruleHeadings].map((heading) => [heading, ""]));
  const { state } = parseHostState(collectedDocument({ texts, failures: {} }));
  return planFor(await compileForHost(request, state, effects), state);
}

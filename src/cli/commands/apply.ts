import { type ChangeFlags, changeHost } from "../../app/host/change-host.ts";
import { compileForHost, type Desired, desiredOfPlan, type HostStateFlags } from "../../app/host/desired.ts";
import { changesOf, type Planned, planFor } from "../../app/host/planned.ts";
import { readHost } from "../../app/host/read-host.ts";
import { fingerprintOf, readPlan } from "../../host/files/plan-file.ts";
import { families } from "../../model/address.ts";
import { collectedDocument } from "../../reconcile/live/collected-document.ts";
import { parseHostState } from "../../reconcile/live/host-state.ts";
import { ownedOnHost } from "../../reconcile/live/live-state.ts";
import { isOnlyOurs } from "../../reconcile/plan-kernel.ts";
import { painter } from "../../report/diagnostics.ts";
import { renderPlan } from "../../report/plan.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { hasState } from "../program/state-flags.ts";
import { startProgress } from "../terminal/progress.ts";

export interface ApplyFlags extends HostStateFlags, Omit<ChangeFlags, "dryRun" | "color"> {
  readonly restore?: string;
  readonly dryRun?: "client" | "host";
}

/** `portolan apply`, of cluster state, a saved plan or a backup. */
export async function runApply(planFile: string | undefined, flags: ApplyFlags): Promise<number> {
  const { restore, dryRun, ...stateFlags } = flags;
  const given = [planFile !== undefined, hasState(flags), restore !== undefined].filter((isGiven) => isGiven);
  if (given.length !== 1) {
    const message = "say what to apply: -f STATE or --live, a saved plan, or --restore BACKUP, and only one of them";
    throw new CommandFailure(message, exitCodes.usage);
  }
  if (flags.confirmWithin !== undefined && flags.filename?.includes("-")) {
    throw new CommandFailure("--confirm-within reads the answer from standard input, -f - the state", exitCodes.usage);
  }
  if (dryRun === "client" && !hasState(flags)) {
    throw new CommandFailure("--dry-run=client shows what -f STATE gives; here, use --dry-run=host", exitCodes.usage);
  }
  const changeFlags = { ...stateFlags, dryRun: dryRun !== undefined };
  if (planFile !== undefined) return applyPlan(planFile, changeFlags);
  if (restore !== undefined) return changeHost(() => desiredOfBackup(restore), changeFlags);
  if (dryRun === "client") return showForNewHost(stateFlags, flags.rules ?? false);
  return changeHost((host) => compileForHost(stateFlags, host), changeFlags);
}

async function applyPlan(path: string, flags: ChangeFlags): Promise<number> {
  const read = readPlan(path);
  if (read.kind === "broken") throw new CommandFailure(`cannot apply ${path}: ${read.message}`, exitCodes.invalidInput);
  const { plan } = read;
  const refuseStale = ({ host, found }: Planned): void => {
    if (fingerprintOf(host, found) === plan.fingerprint) return;
    const message = `${path} is stale: this host has changed since it was made, or it is another host; make a new one`;
    throw new CommandFailure(message, exitCodes.stalePlan);
  };
  return changeHost(async () => desiredOfPlan(plan), flags, refuseStale);
}

async function desiredOfBackup(path: string): Promise<Desired> {
  const { state } = await readHost(path, startProgress(process.stderr));
  const desiredServers = new Set<string>();
  const owned = ownedOnHost(state, { desiredServers, excluded: [] });
  const sysctls = new Map([...owned.sysctls].filter(([name]) => isOnlyOurs(name)));
  const wanted = { ...owned, sysctls };
  // Without a tool's text a backup does not say that its family had no rules: that family is left alone.
  const known = families.filter((family) => state.rules[family] !== undefined);
  const others = { udpServices: [], excluded: [], ofLine: () => undefined, families: known };
  return { node: state.name, mode: "backup", wanted, ...others };
}

/** What a host that has nothing yet would get; asks nothing of this one. */
async function showForNewHost(flags: HostStateFlags, all: boolean): Promise<number> {
  const texts = { "iptables-save": "", "ip6tables-save": "" };
  const { state } = parseHostState(collectedDocument({ texts, failures: {} }));
  const desired = await compileForHost(flags, state);
  const planned = planFor(desired, state);
  const paint = painter(process.stdout, flags.color);
  process.stdout.write(renderPlan(planned, changesOf(planned), { all, paint }));
  return exitCodes.fine;
}

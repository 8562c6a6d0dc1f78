import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { changesOf } from "../host/planned.ts";
import type { SyncReport } from "./keep-in-step.ts";
import type { Log, LogFields } from "./log-line.ts";
import type { WantedUpdate } from "./wanted-rules.ts";

/** Of one line; what is left out is counted. */
const mostNames = 20;

/** Tells what is wrong with objects that have changed. */
export function tellUpdate(log: Log, { diagnostics, problem }: WantedUpdate): void {
  const told = diagnostics.filter(({ severity }) => severity !== "info");
  for (const diagnostic of told.slice(0, mostNames)) tellDiagnostic(log, diagnostic);
  if (told.length > mostNames) log("warn", "more diagnostics", { count: told.length - mostNames });
  if (problem !== undefined) log("warn", "the configuration of kube-proxy is not taken", { error: problem });
}

function tellDiagnostic(log: Log, { severity, code, message, object, field, hint }: Diagnostic): void {
  log(severity === "error" ? "error" : "warn", message, { code, object, field, hint });
}

/** Tells of a sync: what was done, or what would have been. */
export function tellSync(log: Log, report: SyncReport, isVerify: boolean): void {
  const { result, isFull, changes } = report;
  const common = { full: isFull, changes, milliseconds: Math.round(report.milliseconds) };
  switch (result.kind) {
    case "waiting":
      log("warn", "waiting: the cluster does not say yet what this node is to have", common);
      return;
    case "failed":
      log("error", "sync failed", {
        ...common,
        error: result.message,
        ...(result.step === undefined ? {} : { step: result.step.purpose, command: result.step.argv.join(" ") }),
      });
      return;
    case "synced": {
      const { steps } = result;
      const isDrift = isVerify && steps.length > 0;
      const fields = { ...common, drift: isVerify ? isDrift : undefined, steps: steps.length, ...detailsOf(result) };
      log(isDrift ? "warn" : "info", isVerify ? (isDrift ? "drift" : "no drift") : "synced", fields);
    }
  }
}

function detailsOf({ planned, steps }: Extract<SyncReport["result"], { kind: "synced" }>): LogFields {
  if (steps.length === 0) return {};
  const bytes = steps.reduce((sum, { stdin }) => sum + stdin.length, 0);
  if (planned === undefined) return { bytes };
  const services = changesOf(planned);
  const left = services.length - mostNames;
  return {
    bytes,
    services: services.slice(0, mostNames).map(({ service, kind, counts }) => ({
      service,
      kind,
      ...Object.fromEntries(counts.map(({ what, added, removed }) => [what, { added, removed }])),
    })),
    ...(left > 0 ? { moreServices: left } : {}),
  };
}

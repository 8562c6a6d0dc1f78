import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { printableJson } from "../../diagnostics/printable.ts";
import { changesOf } from "../planned.ts";
import type { DesiredUpdate } from "./desired-rules.ts";
import type { SyncReport } from "./reconciler.ts";

/** The maximum per line; the rest is counted. */
const mostNames = 20;

/** Logs the diagnostics of objects that have changed. */
export function reportUpdate(log: Log, { diagnostics, problem }: DesiredUpdate): void {
  const shown = diagnostics.filter(({ severity }) => severity !== "info");
  for (const diagnostic of shown.slice(0, mostNames)) reportDiagnostic(log, diagnostic);
  if (shown.length > mostNames) log("warn", "more diagnostics", { count: shown.length - mostNames });
  if (problem !== undefined) log("warn", "the configuration of kube-proxy is invalid and ignored", { error: problem });
}

function reportDiagnostic(log: Log, { severity, code, message, object, field, hint }: Diagnostic): void {
  log(severity === "error" ? "error" : "warn", message, { code, object, field, hint });
}

/** Logs a sync: what was changed, or would have been. */
export function reportSync(log: Log, report: SyncReport, isVerify: boolean): void {
  const { result, isFull, changes } = report;
  const common = { full: isFull, changes, milliseconds: Math.round(report.milliseconds) };
  switch (result.kind) {
    case "waiting":
      log("warn", "waiting: the cluster has no complete state for this node yet", common);
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

export type LogLevel = "info" | "warn" | "error";

/** The fields of an event, such as counts and names; every value is a JSON value. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logs events, one line each. */
export type Log = (level: LogLevel, msg: string, fields?: LogFields) => void;

/**
 * Writes a line of JSON: time, level, msg, then the fields. Control characters in names from the cluster are escaped.
 */
// biome-ignore lint/style/noRestrictedGlobals: converts a time that it is given; the clock is handed in
export function logLine(time: Date, level: LogLevel, msg: string, fields: LogFields = {}): string {
  return `${printableJson({ time: time.toISOString(), level, msg, ...fields })}\n`;
}

import { readFileSync } from "node:fs";
import type { FailureKind } from "../app/effects.ts";
import { kubeProxyVersions, versionTraits } from "../model/proxy-configuration/kube-proxy-version.ts";

/** Exit codes, stable for scripts. */
export const exitCodes = {
  fine: 0,
  /** There are differences, drift, or pending changes. */
  different: 1,
  usage: 2,
  invalidInput: 3,
  environment: 4,
  /** Applying failed, and the host was rolled back. */
  applyFailed: 5,
  /** Applying failed, and so did the rollback. */
  restoreFailed: 6,
  stalePlan: 7,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export const failureExitCodes: Readonly<Record<FailureKind, number>> = {
  usage: exitCodes.usage,
  "invalid-input": exitCodes.invalidInput,
  environment: exitCodes.environment,
  "stale-plan": exitCodes.stalePlan,
};

/** Set where all of Portolan is one file, which has no package.json beside it (scripts/release). */
declare const PORTOLAN_VERSION: string | undefined;

/** Portolan's own version. */
export function portolanVersion(): string {
  if (typeof PORTOLAN_VERSION === "string") return PORTOLAN_VERSION;
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

/** Portolan's own version, and the releases of kube-proxy whose rules it reproduces. */
export function versionText(): string {
  const releases = kubeProxyVersions.map((version) => versionTraits(version).release);
  return `portolan ${portolanVersion()} (rules of kube-proxy ${releases.join(" and ")})`;
}

import { readFileSync } from "node:fs";
import type { FailureKind } from "../app/effects.ts";
import { kubeProxyVersions, versionTraits } from "../model/proxy-configuration/kube-proxy-version.ts";

/** Exit codes, stable for scripts. */
export const exitCodes = {
  fine: 0,
  different: 1,
  usage: 2,
  invalidInput: 3,
  environment: 4,
  applyFailed: 5,
  restoreFailed: 6,
  stalePlan: 7,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

/** What each says, for the documentation. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  fine: "success: nothing was found, or everything is as it should be",
  different: "there are differences, findings, drift or pending changes, or a result is not the expected one",
  usage: "usage: an unknown option, a missing argument, a value that is not valid",
  invalidInput: "the input is not valid; nothing is written or changed",
  environment: "the environment: a file, a tool, a permission, the cluster or the kernel; nothing is changed",
  applyFailed: "a change of the host failed, and the host was rolled back",
  restoreFailed: "a change of the host failed, and so did the rollback, or the host cannot be read any more",
  stalePlan: "a saved plan is stale: the host has changed, or another version wrote the plan",
  bug: "a bug in Portolan",
  interrupted: "interrupted (Ctrl+C); a change of the host was rolled back",
  terminated: "terminated; a change of the host was rolled back",
};

export const failureExitCodes: Readonly<Record<FailureKind, number>> = {
  usage: exitCodes.usage,
  "invalid-input": exitCodes.invalidInput,
  environment: exitCodes.environment,
  "stale-plan": exitCodes.stalePlan,
};

interface Manifest {
  readonly version: string;
  /** Where the pages that `npm run build:web` makes are published; absent while they are not. */
  readonly homepage?: string;
}

/** Set where all of Portolan is one file, which has no package.json beside it (scripts/release). */
declare const PORTOLAN_MANIFEST: Manifest | undefined;

/** What package.json says of this program. */
export function portolanManifest(): Manifest {
  if (typeof PORTOLAN_MANIFEST === "object") return PORTOLAN_MANIFEST;
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Manifest;
}

/** Portolan's own version. */
export function portolanVersion(): string {
  return portolanManifest().version;
}

/** Portolan's own version, and the releases of kube-proxy whose rules it reproduces. */
export function versionText(): string {
  const releases = kubeProxyVersions.map((version) => versionTraits(version).release);
  return `portolan ${portolanVersion()} (rules of kube-proxy ${releases.join(" and ")})`;
}

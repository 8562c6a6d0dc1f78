import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { findSource } from "../host/files/find-source.ts";
import type { fingerprintOf, readPlan } from "../host/files/plan-file.ts";
import type { readActual } from "../host/files/read-actual.ts";
import type { readInputs } from "../host/files/read-inputs.ts";
import type { readText } from "../host/files/read-sources.ts";
import type { writeBackup } from "../host/files/write-files.ts";
import type { readLive } from "../host/kube/read-live.ts";
import type { holdApplyLock, kubeProxyHere, preflight, unreadableReason } from "../host/preflight.ts";
import type { Host } from "../host/run-step.ts";
import type { SourceDocument } from "../model/documents/source.ts";

/** Why a command cannot go on. What that means for a process is for its caller to say. */
export type FailureKind = "usage" | "invalid-input" | "environment" | "stale-plan";

/** Ends a command with a message for people; anything else that is thrown is a bug. */
export class Failure extends Error {
  readonly kind: FailureKind;

  constructor(message: string, kind: FailureKind) {
    super(message);
    this.kind = kind;
  }
}

/** All that a command asks of the world around it. `cli/effects.ts` gives the real one, tests give their own. */
export interface Effects {
  readonly sources: Sources;
  /** Loaded by commands that need it. */
  readonly machine: () => Promise<Machine>;
  /** What is being done now, for whoever waits. */
  readonly onProgress: (what: string) => void;
  /** What is to be known on the way, and is no part of the result. */
  readonly onNotice: (notice: Notice) => void;
}

/** Files, folders, git objects, standard input and API servers, all of them only read. */
export interface Sources {
  readonly readInputs: typeof readInputs;
  readonly readLive: typeof readLive;
  readonly findSource: typeof findSource;
  readonly readActual: typeof readActual;
  readonly readText: typeof readText;
}

/** The host that this runs on. */
export interface Machine {
  readonly host: Host;
  /** Why its rules cannot be read at all; undefined: they can. */
  readonly unreadableReason: typeof unreadableReason;
  readonly preflight: typeof preflight;
  readonly kubeProxyHere: typeof kubeProxyHere;
  readonly holdApplyLock: typeof holdApplyLock;
  readonly writeBackup: typeof writeBackup;
  readonly readPlan: typeof readPlan;
  /** A digest of what a saved plan was made for. */
  readonly fingerprintOf: typeof fingerprintOf;
}

export type Notice =
  | { readonly kind: "note" | "warning"; readonly text: string }
  /** The cluster has no ConfigMap of kube-proxy: defaults are taken. */
  | { readonly kind: "no-proxy-configuration" }
  /** Pods may not be listed, so endpoints stay as the cluster has them. */
  | { readonly kind: "pods-forbidden"; readonly reason: string }
  | {
      readonly kind: "diagnostics";
      readonly groups: readonly DiagnosticGroup[];
      /** What all of them come to; undefined where the command says so itself. */
      readonly summary?: string;
    };

export interface DiagnosticGroup {
  /** Undefined where there is one group only. */
  readonly heading?: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly documents: readonly SourceDocument[];
}

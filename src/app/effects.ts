import type { Code } from "../diagnostics/catalog.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { findSource } from "../host/files/find-source.ts";
import type { readActual } from "../host/files/read-actual.ts";
import type { readInputs } from "../host/files/read-inputs.ts";
import type { readText } from "../host/files/read-sources.ts";
import type { writeBackup } from "../host/files/write-files.ts";
import type { readLive } from "../host/kube/read-live.ts";
import type { holdApplyLock, kubeProxyHere, preflight, unreadableReason } from "../host/preflight.ts";
import type { Host } from "../host/run-step.ts";
import type { SourceDocument } from "../model/documents/source.ts";

/** Why a command cannot continue. The caller maps it to an exit code. */
export type FailureKind = "usage" | "invalid-input" | "environment" | "stale-plan";

/** Ends a command with a message for the user; any other exception is a bug. */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** The catalog explains it. */
  readonly code: Code | undefined;

  constructor(message: string, kind: FailureKind, code?: Code) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** All effects of a command outside its own process. `cli/effects.ts` has the real ones, tests pass their own. */
export interface Effects {
  readonly sources: Sources;
  /** Of Portolan. */
  readonly version: string;
  /** In hexadecimal. */
  readonly sha256: (text: string) => string;
  /** Loaded by commands that need it. */
  readonly machine: () => Promise<Machine>;
  /** The current activity, for the progress line. */
  readonly onProgress: (what: string) => void;
  /** Informational messages that are not part of the result. */
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
  /** Why the rules of this host cannot be read at all; undefined: they can. */
  readonly unreadableReason: typeof unreadableReason;
  readonly preflight: typeof preflight;
  readonly kubeProxyHere: typeof kubeProxyHere;
  readonly holdApplyLock: typeof holdApplyLock;
  readonly writeBackup: typeof writeBackup;
}

export type Notice =
  | { readonly kind: "note" | "warning"; readonly text: string }
  /** The cluster has no ConfigMap kube-proxy: defaults are used. */
  | { readonly kind: "no-proxy-configuration" }
  /** No permission to list pods, so endpoints stay as the cluster has them. */
  | { readonly kind: "pods-forbidden"; readonly reason: string }
  | {
      readonly kind: "diagnostics";
      readonly groups: readonly DiagnosticGroup[];
      /** A summary of all groups; undefined where the command prints its own. */
      readonly summary?: string;
    };

export interface DiagnosticGroup {
  /** Undefined where there is one group only. */
  readonly heading?: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly documents: readonly SourceDocument[];
}

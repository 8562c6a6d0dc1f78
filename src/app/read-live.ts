import { CommandFailure, exitCodes } from "../cli/exit-codes.ts";
import { type LiveFlags, refuseStrayLiveFlags } from "../cli/program/live-flags.ts";
import { escapeControls } from "../diagnostics/printable.ts";
import type { Need } from "../host/kube/resources.ts";
import type { SourceDocument } from "../model/documents/source.ts";

/** Of one request, in milliseconds. */
const defaultPatience = 30_000;

export interface LiveNeeds {
  readonly need: Need;
  /** Not where --proxy-config gives another one. */
  readonly withConfiguration: boolean;
}

export interface LiveDocuments {
  readonly context: string;
  readonly documents: readonly SourceDocument[];
  /** The right that is missing to read pods, where the command goes on without. */
  readonly podsForbidden: string | undefined;
}

/** Reads the running cluster that the flags name; undefined without --live. Ends the command where it cannot be read. */
export async function readLiveDocuments(
  flags: LiveFlags,
  needs: LiveNeeds,
  tell: (what: string) => void,
): Promise<LiveDocuments | undefined> {
  refuseStrayLiveFlags(flags);
  if (flags.live !== true) return undefined;
  const { kubeconfig, context, cluster, user, as, requestTimeout = defaultPatience } = flags;
  const { readLive } = await import("../host/kube/read-live.ts");
  const patience = requestTimeout === 0 ? undefined : requestTimeout;
  const live = await readLive({ kubeconfig, context, cluster, user, as, patience, ...needs }, tell);
  if (live.kind === "failed") throw new CommandFailure(live.message, exitCodes.environment);
  if (needs.withConfiguration && !live.hasConfiguration) {
    process.stderr.write(
      "note: the cluster has no ConfigMap kube-system/kube-proxy: defaults are used\n" +
        "      (pass --proxy-config FILE to use another configuration)\n",
    );
  }
  if (live.podsForbidden !== undefined) warnWithoutPods(live.podsForbidden);
  return live;
}

function warnWithoutPods(reason: string): void {
  process.stderr.write(
    "warning: pods cannot be read, so endpoints are those of the cluster: a new Service\n" +
      "         gets no endpoints, and a changed selector does not change them\n" +
      reason
        .split("\n")
        .map((line) => `         ${escapeControls(line)}\n`)
        .join(""),
  );
}

import { type Command, InvalidArgumentError, Option } from "commander";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { notEmpty, readDuration } from "./option-values.ts";

/** Where a running cluster is, and as whom to read it: kubectl's own flags. */
export interface LiveFlags {
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly as?: string;
  /** In milliseconds; 0: no limit. */
  readonly requestTimeout?: number;
}

const heading = "Options for --live:";

/** Adds --live and what goes with it. */
export function addLiveOptions(command: Command): Command {
  const text = (flags: string, description: string): Option =>
    new Option(flags, description).helpGroup(heading).argParser(notEmpty);
  return command
    .addOption(
      new Option("--live", "read the running cluster that kubectl uses, instead of files").conflicts("filename"),
    )
    .addOption(text("--kubeconfig <file>", "default: KUBECONFIG, ~/.kube/config, or the pod's service account"))
    .addOption(text("--context <name>", "the context of the kubeconfig; default: its current one"))
    .addOption(text("--cluster <name>", "the cluster of the kubeconfig instead of the context's"))
    .addOption(text("--user <name>", "the user of the kubeconfig instead of the context's"))
    .addOption(text("--as <user>", "the user to impersonate"))
    .addOption(
      new Option("--request-timeout <time>", "timeout of one request, such as 10s; 0: none (default: 30s)")
        .helpGroup(heading)
        .argParser(timeout),
    );
}

/** As kubectl takes it: a number alone is in seconds, and 0 is no limit. */
function timeout(text: string): number {
  const milliseconds = readDuration(text, "s");
  if (milliseconds === undefined) throw new InvalidArgumentError("Write it as a number and a unit, such as 10s.");
  // Timers hold 31 bits.
  return Math.min(milliseconds, 2 ** 31 - 1);
}

/** Refuses flags that would have no effect: whoever gives them believes that the cluster is read. */
export function refuseStrayLiveFlags(flags: LiveFlags): void {
  if (flags.live === true) return;
  const { kubeconfig, context, cluster, user, as, requestTimeout } = flags;
  const given = Object.entries({ kubeconfig, context, cluster, user, as, "request-timeout": requestTimeout });
  const [stray] = given.find(([, value]) => value !== undefined) ?? [];
  if (stray === undefined) return;
  throw new CommandFailure(`--${stray} needs --live`, exitCodes.usage);
}

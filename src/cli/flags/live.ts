import { type Command, InvalidArgumentError, Option } from "commander";
import { notEmpty, readDuration } from "./values.ts";

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

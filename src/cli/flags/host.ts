import { type Command, Option } from "commander";
import { duration, notEmpty } from "./values.ts";

/** Where a host's state is read. */
export function actualOption(): Option {
  return new Option("--actual <file>", "output of collect on the node; - for standard input; local: this host")
    .argParser(notEmpty)
    .default("local");
}

export function allowSimulatedOption(): Option {
  return new Option("--allow-simulated", "continue although parts of the state are simulated");
}

/** Adds what says how this host is changed. */
export function addChangeOptions(command: Command): Command {
  return command
    .option("--backup-dir <dir>", "where to save a backup of the current state", "/var/lib/portolan")
    .option("--replace-kube-proxy", "continue although kube-proxy runs here; stop it soon, or it undoes the change")
    .addOption(
      new Option("--confirm-within <time>", "roll back unless you type yes within this time, such as 30s").argParser(
        duration,
      ),
    )
    .option("--rules", "show every rule that changes");
}

import { type Command, Option } from "commander";
import { duration, notEmpty } from "./values.ts";

/** Where a host's state is read. */
export function actualOption(): Option {
  return new Option("--actual <file>", "what collect wrote on the node; - for standard input; local: this host")
    .argParser(notEmpty)
    .default("local");
}

export function allowSimulatedOption(): Option {
  return new Option("--allow-simulated", "go on although parts of the state are invented");
}

/** Adds what says how this host is changed. */
export function addChangeOptions(command: Command): Command {
  return command
    .option("--backup-dir <dir>", "where what was there before is kept", "/var/lib/portolan")
    .option("--replace-kube-proxy", "go on although kube-proxy runs here; stop it soon, or it undoes the change")
    .addOption(
      new Option("--confirm-within <time>", "go back unless somebody types yes in time, such as 30s").argParser(
        duration,
      ),
    )
    .option("--rules", "show every rule that changes");
}

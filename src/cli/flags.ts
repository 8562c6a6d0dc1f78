import { type Command, InvalidArgumentError, Option } from "commander";

export function notEmpty(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty.");
  return value;
}

/** A duration as kubectl takes them: `30s`, `2m`; in milliseconds, and greater than zero. */
export function duration(text: string): number {
  const milliseconds = readDuration(text, undefined) ?? 0;
  if (milliseconds === 0) throw new InvalidArgumentError("Write it as a number and a unit, such as 30s or 2m.");
  return milliseconds;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; undefined if it is not a duration. `usual`: the unit of a bare number, if one is accepted. */
export function readDuration(text: string, usual: "s" | undefined): number | undefined {
  const [, count, unit = usual ?? ""] = /^(\d{1,6})(ms|s|m|h)?$/.exec(text) ?? [];
  const factor = units[unit];
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}

/** What a host has, as text. `purpose` begins its help. */
export function actualOption(purpose: string): Option {
  const forms = "output of collect, iptables-save, ipset, ipvsadm, ..., a folder, -, or local (this host); repeatable";
  return new Option("--actual <file>", `${purpose}: ${forms}`).argParser(appendPath);
}

function appendPath(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), notEmpty(value)];
}

export function allowSimulatedOption(): Option {
  return new Option("--allow-simulated", "continue although parts of the state are simulated");
}

/** Adds the options for changing this host. */
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

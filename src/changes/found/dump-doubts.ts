import type { DumpCommand, HostDump } from "./host-dump.ts";
import type { HostProblem } from "./host-state.ts";

export const notInstalled = "not installed";

/** Without these nothing can be said of a host. */
const indispensable: readonly DumpCommand[] = ["ip -j addr", "iptables-save"];
const needed: readonly DumpCommand[] = [...indispensable, "ip6tables-save", "ipset save", "ipvsadm -Sn"];

/**
 * Why a dump cannot be relied on, each in a line: a tool that failed may hide something, and so may one that is
 * missing where the kernel has what it would show.
 */
export function dumpDoubts(dump: HostDump, problems: readonly HostProblem[]): readonly string[] {
  const failed = needed.flatMap((command) => {
    const failure = dump.failures[command];
    if (failure === undefined || isHarmless(dump, command, failure)) return [];
    return [`${command}: ${failure}`];
  });
  return [...failed, ...problems.map(({ command, message }) => `${command}: ${message}`)];
}

function isHarmless(dump: HostDump, command: DumpCommand, failure: string): boolean {
  if (failure.startsWith("no /proc/")) return true;
  if (command === "ip6tables-save" && /can't initialize|does not exist|not supported/i.test(failure)) return true;
  const isAbsent = failure === notInstalled || (command === "ipset save" && failure.includes("Cannot open session"));
  if (!isAbsent || indispensable.includes(command)) return false;
  const rules = (dump.texts["iptables-save"] ?? "") + (dump.texts["ip6tables-save"] ?? "");
  return command === "ip6tables-save" || (command === "ipset save" && !rules.includes("--match-set KUBE-"));
}

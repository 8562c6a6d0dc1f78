import { readFileSync } from "node:fs";
import { type HostDump, parseHostDump } from "../changes/host-dump.ts";
import { type HostState, parseHostState } from "../changes/host-state.ts";
import { collectDump } from "../host/collect-dump.ts";
import { reasonOf } from "../host/read-sources.ts";
import { notInstalled, runOnHost } from "../host/run-step.ts";
import { CommandFailure, exitCodes } from "./exit-codes.ts";
import type { Progress } from "./progress.ts";

/** Where a host's state is read: `local`, or a file (`-` for standard input) that `collect` wrote. */
export type HostSource = string;

export const thisHost: HostSource = "local";

/** Reads a host. Ends the command when what it has cannot be told for sure. */
export async function readHost(
  source: HostSource,
  progress: Progress,
): Promise<{ readonly dump: HostDump; readonly state: HostState }> {
  const dump = source === thisHost ? await readThisHost(progress) : readDump(source);
  const { state, problems } = parseHostState(dump);
  const [problem, ...more] = problems;
  if (problem !== undefined) {
    const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
    const where = source === thisHost ? "what this host prints" : source;
    throw new CommandFailure(
      `${where} cannot be relied on: ${problem.command}: ${problem.message}${others}`,
      source === thisHost ? exitCodes.environment : exitCodes.invalidInput,
    );
  }
  return { dump, state };
}

async function readThisHost(progress: Progress): Promise<HostDump> {
  if (process.platform !== "linux") throw new CommandFailure("this is not a Linux host", exitCodes.environment);
  const dump = await collectDump(runOnHost, progress.tell);
  for (const command of ["iptables-save", "ip6tables-save", "ipset save", "ipvsadm -Sn", "ip -j addr"] as const) {
    const failure = dump.failures[command];
    // A tool that is not there has made nothing; one that fails may hide something.
    if (failure === undefined || failure === notInstalled || failure.startsWith("no /")) continue;
    if (command === "ip6tables-save" && /can't initialize|does not exist|not supported/i.test(failure)) continue;
    throw new CommandFailure(`cannot read this host: ${command}: ${failure}`, exitCodes.environment);
  }
  return dump;
}

function readDump(path: string): HostDump {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw new CommandFailure(`cannot read ${path}: ${reasonOf(error)}`, exitCodes.invalidInput);
  }
  const parsed = parseHostDump(text);
  if (parsed.kind === "dump") return parsed.dump;
  throw new CommandFailure(`${path} is not what collect writes: ${parsed.message}`, exitCodes.invalidInput);
}

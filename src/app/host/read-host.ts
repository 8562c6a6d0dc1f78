import { readFileSync } from "node:fs";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import type { Progress } from "../../cli/terminal/progress.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { collectDump, localHost } from "../../host/linux/collect-dump.ts";
import { missingCapability } from "../../host/linux/preflight.ts";
import { type HostDump, parseHostDump } from "../../reconcile/live/host-dump.ts";
import { dumpDoubts, type HostState, parseHostState } from "../../reconcile/live/host-state.ts";

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
  const [doubt, ...more] = dumpDoubts(dump, problems);
  if (doubt !== undefined) {
    const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
    const isHere = source === thisHost;
    const where = isHere ? "cannot read this host" : `${source} is incomplete`;
    throw new CommandFailure(`${where}: ${doubt}${others}`, isHere ? exitCodes.environment : exitCodes.invalidInput);
  }
  return { dump, state };
}

function readThisHost(progress: Progress): Promise<HostDump> {
  refuseUnreadableHost();
  return collectDump(localHost, progress.tell);
}

/** Ends the command where the rules of this host cannot be read. */
export function refuseUnreadableHost(): void {
  if (process.platform !== "linux") throw new CommandFailure("this is not a Linux host", exitCodes.environment);
  const capability = missingCapability();
  if (capability !== undefined) throw new CommandFailure(`cannot read this host: ${capability}`, exitCodes.environment);
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

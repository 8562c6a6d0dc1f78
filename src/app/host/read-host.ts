import { readFileSync } from "node:fs";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import type { Progress } from "../../cli/terminal/progress.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { collectDump, localHost } from "../../host/linux/collect-dump.ts";
import { missingCapability } from "../../host/linux/preflight.ts";
import type { HostDocument } from "../../ir/host-document.ts";
import { parseDocument } from "../../reconcile/live/collected-document.ts";
import { type HostState, parseHostState, validateDump } from "../../reconcile/live/host-state.ts";

/** Where a host's state is read: `local`, or a file (`-` for standard input) that `collect` wrote. */
export type HostSource = string;

export const thisHost: HostSource = "local";

/** Reads a host. Ends the command when what it has cannot be told for sure. */
export async function readHost(
  source: HostSource,
  progress: Progress,
): Promise<{ readonly document: HostDocument; readonly state: HostState }> {
  const document = source === thisHost ? await readThisHost(progress) : readDocument(source);
  const { state, problems } = parseHostState(document);
  const [problem, ...more] = validateDump(document, problems);
  if (problem !== undefined) {
    const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
    const isHere = source === thisHost;
    const where = isHere ? "cannot read this host" : `${source} cannot be relied on`;
    throw new CommandFailure(`${where}: ${problem}${others}`, isHere ? exitCodes.environment : exitCodes.invalidInput);
  }
  return { document, state };
}

function readThisHost(progress: Progress): Promise<HostDocument> {
  refuseUnreadableHost();
  return collectDump(localHost, progress.tell);
}

/** Ends the command where the rules of this host cannot be read. */
export function refuseUnreadableHost(): void {
  if (process.platform !== "linux") throw new CommandFailure("this is not a Linux host", exitCodes.environment);
  const capability = missingCapability();
  if (capability !== undefined) throw new CommandFailure(`cannot read this host: ${capability}`, exitCodes.environment);
}

function readDocument(path: string): HostDocument {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw new CommandFailure(`cannot read ${path}: ${reasonOf(error)}`, exitCodes.invalidInput);
  }
  const parsed = parseDocument({ file: path, text, source: 0 });
  if (parsed.kind === "document") return parsed.document;
  throw new CommandFailure(`${path} is not what collect writes: ${parsed.message}`, exitCodes.invalidInput);
}

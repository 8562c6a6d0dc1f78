import type { Host } from "../host/run-step.ts";
import type { HostDocument } from "../ir/artifact.ts";
import { collectedDocument, collectHeadings, neededFile, parseDocument } from "../reconcile/live/collected-document.ts";
import { type HostState, parseHostState, validateDump } from "../reconcile/live/host-state.ts";
import { type Effects, Failure, type Machine } from "./effects.ts";

/** Where a host's state is read: `local`, or a file (`-` for standard input) that `collect` wrote. */
export type HostSource = string;

export const thisHost: HostSource = "local";

/** Reads a host. Throws if its state cannot be determined with certainty. */
export async function readHost(
  source: HostSource,
  effects: Effects,
): Promise<{ readonly document: HostDocument; readonly state: HostState }> {
  const document = source === thisHost ? await readThisHost(effects) : readDocument(source, effects);
  const { state, problems } = parseHostState(document);
  const [problem, ...more] = validateDump(document, problems);
  if (problem !== undefined) {
    const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
    const isHere = source === thisHost;
    const where = isHere ? "cannot read this host" : `${source} is incomplete`;
    throw new Failure(`${where}: ${problem}${others}`, isHere ? "environment" : "invalid-input");
  }
  return { document, state };
}

async function readThisHost(effects: Effects): Promise<HostDocument> {
  const machine = await effects.machine();
  refuseUnreadableHost(machine);
  return collectDump(machine.host, effects.onProgress);
}

/** Throws if the rules of this host cannot be read. */
export function refuseUnreadableHost({ unreadableReason }: Machine): void {
  const reason = unreadableReason();
  if (reason !== undefined) throw new Failure(reason, "environment");
}

function readDocument(path: string, { sources }: Effects): HostDocument {
  const read = sources.readText(path);
  if (read.kind === "unreadable") throw new Failure(`cannot read ${path}: ${read.reason}`, "invalid-input");
  const parsed = parseDocument({ file: path, text: read.text, source: 0 });
  if (parsed.kind === "document") return parsed.document;
  throw new Failure(`${path} is not what collect writes: ${parsed.message}`, "invalid-input");
}

/** What the tools of a host print. A tool that is missing or fails leaves its reason, not an error. */
export async function collectDump(
  { run, exists }: Host,
  onProgress: (what: string) => void,
  interrupt?: AbortSignal,
): Promise<HostDocument> {
  const texts: Record<string, string> = {};
  const failures: Record<string, string> = {};
  for (const command of collectHeadings) {
    onProgress(`reading this host: ${command.split(" ", 2).join(" ")}`);
    const file = neededFile(command);
    if (file !== undefined && !exists(file)) {
      failures[command] = `no ${file}`;
      continue;
    }
    const { stdout, failure } = await run(command.split(" "), "", interrupt);
    if (failure === undefined) texts[command] = stdout;
    else failures[command] = failure;
  }
  return collectedDocument({ texts, failures });
}

import { type HostDump, parseHostDump } from "../../reconcile/live/host-dump.ts";
import { dumpDoubts, type HostState, parseHostState } from "../../reconcile/live/host-state.ts";
import type { Effects, Machine } from "../effects.ts";
import { Failure } from "../failure.ts";
import { collectDump } from "./collect-dump.ts";

/** Where a host's state is read: `local`, or a file (`-` for standard input) that `collect` wrote. */
export type HostSource = string;

export const thisHost: HostSource = "local";

/** Reads a host. Fails where what it has cannot be told for sure. */
export async function readHost(
  source: HostSource,
  effects: Effects,
): Promise<{ readonly dump: HostDump; readonly state: HostState }> {
  const dump = source === thisHost ? await readThisHost(effects) : readDump(source, effects);
  const { state, problems } = parseHostState(dump);
  const [doubt, ...more] = dumpDoubts(dump, problems);
  if (doubt !== undefined) {
    const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
    const isHere = source === thisHost;
    const where = isHere ? "cannot read this host" : `${source} is incomplete`;
    throw new Failure(`${where}: ${doubt}${others}`, isHere ? "environment" : "invalid-input");
  }
  return { dump, state };
}

async function readThisHost(effects: Effects): Promise<HostDump> {
  const machine = await effects.machine();
  refuseUnreadableHost(machine);
  return collectDump(machine.host, effects.onProgress);
}

/** Fails where the rules of this host cannot be read. */
export function refuseUnreadableHost({ unreadableReason }: Machine): void {
  const reason = unreadableReason();
  if (reason !== undefined) throw new Failure(reason, "environment");
}

function readDump(path: string, { sources }: Effects): HostDump {
  const read = sources.readText(path);
  if (read.kind === "unreadable") throw new Failure(`cannot read ${path}: ${read.reason}`, "invalid-input");
  const parsed = parseHostDump(read.text);
  if (parsed.kind === "dump") return parsed.dump;
  throw new Failure(`${path} is not what collect writes: ${parsed.message}`, "invalid-input");
}
